// Calls functions of modules: node call.mjs < REQUESTS, a list of {module, name, args} -> the list of their values.
// {"$bytes": base64} stands for a Uint8Array, {"$export": name} for what the module exports under that name.
import { readFileSync } from "node:fs";

const requests = JSON.parse(readFileSync(0, "utf8"));
const values = [];
for (const { module, name, args } of requests) {
  const exports = await import(module);
  values.push(await exports[name](...args.map((value) => decode(value, exports))));
}
console.log(JSON.stringify(values, (_, value) => (value instanceof Uint8Array ? encode(value) : value)));

function decode(value, exports) {
  if (value === null || typeof value !== "object") return value;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if ("$export" in value) return exports[value.$export];
  if (Array.isArray(value)) return value.map((each) => decode(each, exports));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each, exports)]));
}

function encode(bytes) {
  return { $bytes: Buffer.from(bytes).toString("base64") };
}
