// Renders the components' templates with Nunjucks, with the filters that fer_hf/web/components/base.py gives Jinja.

/** @typedef {import("../device/results.js").Face} Face */
/** @typedef {Record<string, string>} Text the page's words, by their keys */
/** @typedef {{name: string, word: string, colour: string, ink: string}} Expression */
/** @typedef {{addFilter(name: string, filter: Function): void, render(template: string, values: object): string}} Environment */
/** @typedef {{Environment: new (loader: object, options: object) => Environment, PrecompiledLoader: new () => object}} Nunjucks */

// Nunjucks and the compiled templates are scripts that set globals.
const SCRIPTS = ["nunjucks-slim.min.js", "templates.js"].map((name) => new URL(`../device/files/${name}`, import.meta.url));

/**
 * Python's `str.format` with named values.
 * @param {string} words @param {Record<string, string | number>} values
 */
export const fill = (words, values) => words.replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));

export const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/**
 * @param {{text: Text, expressions: Expression[]}} settings
 * @returns {Promise<(template: string, values: object) => string>} gives a template's HTML
 */
export async function makeRenderer({ text, expressions }) {
  for (const script of SCRIPTS) await import(script.href);
  const { nunjucks } = /** @type {typeof globalThis & {nunjucks: Nunjucks}} */ (globalThis);
  const looks = Object.fromEntries(expressions.map(({ name, colour, ink }) => [name, `--tint:${colour};--ink:${ink}`]));
  const environment = new nunjucks.Environment(new nunjucks.PrecompiledLoader(), {
    autoescape: true,
    throwOnUndefined: true,
  });
  const filters = {
    fill,
    percent,
    pairs: Object.entries,
    part_of: (/** @type {number} */ part, /** @type {number} */ whole) => `${((100 * part) / whole).toFixed(2)}%`,
    tint: (/** @type {string} */ label) => looks[label],
    shown,
    reasons,
    shown_because: (/** @type {Face} */ face) =>
      face.unsure_because.length
        ? fill(text.with_reasons, { words: shown(face, text), reasons: reasons(face, text) })
        : shown(face, text),
  };
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter);
  return (template, values) => environment.render(template, { text, ...values });
}

/**
 * What a face shows, in words: "happy", or "sad or fear?" where the model is unsure.
 * @param {Face} face @param {Text} text
 */
export function shown(face, text) {
  const [first, second] = face.unsure.map((label) => text[label]);
  return first ? fill(text.either, { first, second }) : text[face.label];
}

/** @param {Face} face @param {Text} text */
function reasons(face, text) {
  return face.unsure_because.map((reason) => text[reason]).join(", ");
}
