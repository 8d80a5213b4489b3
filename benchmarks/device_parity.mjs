// Reads pictures in Node as the browser does: node device_parity.mjs < REQUEST -> what it reads in
// its pictures and, as one live session, in its frames. The request names the files of onnxruntime-web, the detector and the classifier, and
// has the config.
import { readFileSync } from "node:fs";
import { FaceAnalyzer } from "../fer_hf/web/device/analyzer.js";
import { LiveSession } from "../fer_hf/web/device/live.js";

const request = JSON.parse(readFileSync(0, "utf8"));
const ort = await import(request.runtime);
ort.env.wasm.numThreads = request.threads ?? 1;
const [detector, classifier] = [request.detector, request.classifier].map((file) => new Uint8Array(readFileSync(file)));
const analyzer = await FaceAnalyzer.load(ort, detector, classifier, request.config);
const answer = { results: [], frames: [] };
for (const picture of request.pictures) answer.results.push(await analyzer.analyze(decode(picture)));
const session = new LiveSession(analyzer);
for (const { time, baseline, ...frame } of request.frames) {
  if (baseline) session.takeBaseline();
  answer.frames.push(await session.analyze(decode(frame), time));
}
console.log(JSON.stringify({ ...answer, summary: session.summary(), csv: session.csv() }));
process.exit(); // the runtime's threads wait for more

function decode({ width, height, rgb }) {
  return { width, height, data: new Uint8Array(Buffer.from(rgb, "base64")) };
}
