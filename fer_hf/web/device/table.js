// The results of a photo as CSV, as `csv_rows` and `csv_text` of fer_hf/inference write them.

/** @typedef {import("./results.js").PhotoResult} PhotoResult */

// A cell that begins like this is a formula to a spreadsheet, or becomes one once a tab or a line end is trimmed.
const COMMANDS = ["=", "+", "-", "@", "\t", "\r", "\n"];
const COLUMNS = "file width height face x1 y1 x2 y2 label confidence unsure unsure_because".split(" ");

/**
 * One row per face; a photo without a face has one row with empty cells.
 * @param {string} file the photo's name @param {PhotoResult} result @param {string[]} labels
 */
export function photoCsv(file, { width, height, faces }, labels) {
  const rows = faces.map(({ box, label, confidence, unsure, unsure_because, scores }, i) => {
    const why = [unsure.join(" or "), unsure_because.join(" and ")];
    const numbers = labels.map((name) => scores[name].toFixed(6));
    return [file, width, height, i + 1, ...box, label, confidence.toFixed(6), ...why, ...numbers];
  });
  const head = [...COLUMNS, ...labels];
  const empty = head.map((_, i) => [file, width, height][i] ?? "");
  return `\uFEFF${[head, ...(rows.length ? rows : [empty])].map(line).join("")}`; // the mark is for Excel
}

/** @param {(string | number)[]} cells */
const line = (cells) => `${cells.map(quoted).join(",")}\r\n`;

/** @param {string | number} cell */
function quoted(cell) {
  const harmless = typeof cell === "string" && COMMANDS.includes(cell[0]) ? `'${cell}` : String(cell);
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
