// A photo's result as files, as fer_hf/inference/results.py and csv_export.py write them.
const HEAD = ["file", "width", "height", "face", "x1", "y1", "x2", "y2", "label", "confidence", "unsure", "unsure_because"];

export function csvUrl(file, { width, height, faces }) {
  const labels = Object.keys(faces[0]?.scores ?? {});
  const rows = faces.map((face, i) => [
    ...[file, width, height, i + 1, ...face.box, face.label, face.confidence.toFixed(6)],
    ...[face.unsure.join(" or "), face.unsure_because.join(" and ")],
    ...labels.map((label) => face.scores[label].toFixed(6)),
  ]);
  const lines = [[...HEAD, ...labels], ...rows].map((row) => row.map(cell).join(","));
  return url(`\ufeff${lines.join("\r\n")}\r\n`, "text/csv"); // with the mark without which Excel breaks umlauts
}

export function jsonUrl(file, result) {
  return url(JSON.stringify([{ file, ...result }], null, 2), "application/json");
}

// A text that a spreadsheet would take for a formula gets an apostrophe in front.
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const url = (text, type) => `data:${type};charset=utf-8,${encodeURIComponent(text)}`;
