// Compiles templates, given as NAME=FILE, for the slim Nunjucks in the browser, which may not compile under the page's
// Content-Security-Policy. Filters are known by name only: site/templates.js has them.
const { readFileSync } = require("node:fs");
const nunjucks = require("nunjucks");

const environment = new nunjucks.Environment([], { autoescape: true, trimBlocks: true, lstripBlocks: true });
for (const argument of process.argv.slice(2)) {
  const [name, file] = argument.split("=");
  process.stdout.write(nunjucks.precompileString(readFileSync(file, "utf8"), { name, env: environment }));
}
