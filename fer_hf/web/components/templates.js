// Renders the components' templates with Nunjucks, with the filters that fer_hf/web/components/base.py gives Jinja.
// Nunjucks and the compiled templates are scripts that set globals.
const SCRIPTS = ["nunjucks-slim.min.js", "templates.js"].map((name) => new URL(`../device/files/${name}`, import.meta.url));

/** Python's `str.format` with named values. */
export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

export const percent = (share) => `${Math.round(100 * share)} %`;

export async function makeRenderer({ text, expressions }) {
  for (const script of SCRIPTS) await import(script);
  const looks = Object.fromEntries(expressions.map(({ name, colour, ink }) => [name, `--tint:${colour};--ink:${ink}`]));
  const environment = new nunjucks.Environment(new nunjucks.PrecompiledLoader(), {
    autoescape: true,
    throwOnUndefined: true,
  });
  const filters = {
    fill,
    percent,
    pairs: Object.entries,
    part_of: (part, whole) => `${((100 * part) / whole).toFixed(2)}%`,
    tint: (label) => looks[label],
    shown,
    reasons,
    shown_because: (face) =>
      face.unsure_because.length
        ? fill(text.with_reasons, { words: shown(face, text), reasons: reasons(face, text) })
        : shown(face, text),
  };
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter);
  return (template, values) => environment.render(template, { text, ...values });
}

/** What a face shows, in words: "happy", or "sad or fear?" where the model is unsure. */
export function shown(face, text) {
  const [first, second] = face.unsure.map((label) => text[label]);
  return first ? fill(text.either, { first, second }) : text[face.label];
}

function reasons(face, text) {
  return face.unsure_because.map((reason) => text[reason]).join(", ");
}
