// Scores of pictures by transformers.js: node classify.mjs MODEL_FOLDER DTYPE PICTURE... -> [{label: score}, ...]
import path from "node:path";
import { env, pipeline } from "@huggingface/transformers";

const [folder, dtype, ...pictures] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = path.dirname(folder) + path.sep;

const classify = await pipeline("image-classification", path.basename(folder), { dtype, device: "cpu" });
const answers = [];
for (const picture of pictures) {
  const scores = await classify(picture, { top_k: 7 });
  answers.push(Object.fromEntries(scores.map(({ label, score }) => [label, score])));
}
console.log(JSON.stringify(answers));
