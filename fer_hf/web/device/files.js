// The files that reading needs: fetched once with progress, checked, kept in the Cache API under their hash.

/** @typedef {import("./manifest.js").FileEntry} FileEntry */

const CACHE = "fer-hf-device";

/** Why reading on the device cannot begin; `code` is "fetch" (a file could not be fetched) or "damaged". */
export class FileError extends Error {
  /** @param {"fetch" | "damaged"} code @param {string} url */
  constructor(code, url) {
    super(`${code}: ${url}`);
    this.code = code;
  }
}

/**
 * The bytes of some files. Without a secure context there is neither a cache nor a hash: then they are fetched anew.
 * @param {FileEntry[]} files with whole urls
 * @param {(loaded: number, total: number) => void} [onProgress]
 * @returns {Promise<Uint8Array<ArrayBuffer>[]>}
 */
export async function loadFiles(files, onProgress = () => {}) {
  const cache = globalThis.caches ? await caches.open(CACHE) : null;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let loaded = 0;
  const contents = [];
  for (const file of files) {
    const content = (await kept(cache, file)) ?? (await fetched(file, (bytes) => onProgress(loaded + bytes, total)));
    await cache?.put(key(file), new Response(content)).catch(() => {}); // a full disk only costs the next visit time
    loaded += content.length;
    onProgress(loaded, total);
    contents.push(content);
  }
  await forgetOthers(cache, files);
  return contents;
}

/** Whether all files are kept, so that none would be fetched. @param {FileEntry[]} files @returns {Promise<boolean>} */
export async function areKept(files) {
  if (!globalThis.caches) return false;
  const cache = await caches.open(CACHE);
  const found = await Promise.all(files.map((file) => cache.match(key(file))));
  return found.every(Boolean);
}

/** @param {FileEntry} file */
const key = ({ url, sha256 }) => `${new URL(url).origin}/${sha256}`;

/** @param {Cache | null} cache @param {FileEntry} file @returns {Promise<Uint8Array<ArrayBuffer> | null>} */
async function kept(cache, file) {
  const answer = await cache?.match(key(file));
  const content = answer && new Uint8Array(await answer.arrayBuffer());
  return content && (await isWhole(content, file)) ? content : null;
}

/** @param {FileEntry} file @param {(bytes: number) => void} onProgress @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function fetched(file, onProgress) {
  const content = new Uint8Array(file.bytes);
  let loaded = 0;
  try {
    const answer = await fetch(file.url);
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    for (const reader = answer.body.getReader(); ; onProgress(loaded)) {
      const { done, value } = await reader.read();
      if (done) break;
      if (loaded + value.length > file.bytes) throw new FileError("damaged", file.url);
      content.set(value, loaded);
      loaded += value.length;
    }
  } catch (error) {
    throw error instanceof FileError ? error : new FileError("fetch", file.url);
  }
  if (loaded !== file.bytes || !(await isWhole(content, file))) throw new FileError("damaged", file.url);
  return content;
}

/** @param {Uint8Array<ArrayBuffer>} content @param {FileEntry} file */
async function isWhole(content, { bytes, sha256 }) {
  if (content.length !== bytes) return false;
  if (!globalThis.crypto?.subtle) return true;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** An older model's files are of no more use. @param {Cache | null} cache @param {FileEntry[]} files */
async function forgetOthers(cache, files) {
  const ours = new Set(files.map(key));
  for (const request of (await cache?.keys()) ?? []) if (!ours.has(request.url)) await cache?.delete(request);
}
