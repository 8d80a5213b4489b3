// Files are fetched once, checked, kept under their hash, and forgotten when another takes their place.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { areKept, loadFiles } from "../../../fer_hf/web/device/files.js";

const contents = { "/one": Buffer.alloc(200_000, 1), "/two": Buffer.from("two") };
let asked = [];
let base = "";
const server = createServer((request, answer) => {
  asked.push(request.url);
  answer.statusCode = request.url in contents ? 200 : 404;
  answer.end(contents[request.url]);
});

// Node has no Cache API; this one does what a browser's does with addresses.
class Cache extends Map {
  match = async (url) => this.get(url)?.clone();
  put = async (url, response) => void this.set(url, response);
  keys = async () => [...super.keys()].map((url) => ({ url }));
  delete = async ({ url }) => super.delete(url);
}

before(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${server.address().port}`;
});
after(() => server.close());
beforeEach(() => {
  const cache = new Cache();
  globalThis.caches = { open: async () => cache };
  asked = [];
});

function entry(path, content = contents[path]) {
  return { url: base + path, bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

test("what was fetched once is not asked for again", async () => {
  const files = [entry("/one"), entry("/two")];
  assert.equal(await areKept(files), false);
  const progress = [];
  const first = await loadFiles(files, (...each) => progress.push(each));
  assert.deepEqual(first.map((bytes) => Buffer.from(bytes)), Object.values(contents));
  assert.ok(progress.length > 2);
  assert.deepEqual(progress.at(-1), [200_003, 200_003]);
  assert.ok(progress.every(([loaded], i) => i === 0 || loaded >= progress[i - 1][0]));
  assert.equal(await areKept(files), true);
  assert.deepEqual(await loadFiles(files), first);
  assert.deepEqual(asked, ["/one", "/two"]);
});

test("what another model left is forgotten", async () => {
  await loadFiles([entry("/one")]);
  await loadFiles([entry("/two")]);
  assert.equal(await areKept([entry("/one")]), false);
  assert.equal(await areKept([entry("/two")]), true);
});

test("a file that is not the one that was promised is refused and not kept", async () => {
  const wrong = entry("/two", Buffer.from("owt"));
  const shorter = { ...entry("/one"), bytes: 10 };
  for (const file of [wrong, shorter]) {
    await assert.rejects(loadFiles([file]), { code: "damaged" });
    assert.equal(await areKept([file]), false);
  }
});

test("a file that is not there, or a server that is not, is one clear error", async () => {
  await assert.rejects(loadFiles([entry("/none", Buffer.from("x"))]), { code: "fetch", message: /\/none$/ });
  await assert.rejects(loadFiles([{ ...entry("/two"), url: "http://127.0.0.1:1/two" }]), { code: "fetch" });
});

test("without a cache the files are fetched each time", async () => {
  delete globalThis.caches;
  await loadFiles([entry("/two")]);
  await loadFiles([entry("/two")]);
  assert.deepEqual(asked, ["/two", "/two"]);
});
