// Answers what Photo's script asks of a server, in the browser: a photo comes as a `data:` address, its HTML goes back.
import { photoCsv } from "../../device/table.js";
import { Problem, ServerChosen } from "../device.js";
import { fill, makeRenderer } from "../templates.js";
import { drawn } from "./annotate.js";

// `toServer(sent)` answers a visitor who, asked for the model's files, chooses the server.
export function photoServer(device, props, toServer) {
  const { text, largest, crowd } = props;
  const labels = props.expressions.map(({ name }) => name);

  async function decoded({ data }) {
    const problem = { megabytes: largest.megabytes, pixels: largest.read / 1e6 };
    if (!data) throw new Problem(fill(text.device_too_large, problem));
    const image = await createImageBitmap(await (await fetch(data)).blob()).catch(() => {
      throw new Problem(text.device_unreadable);
    });
    if (image.width * image.height > largest.read) throw new Problem(fill(text.device_too_large, problem));
    return image;
  }

  async function answer(sent) {
    const image = await decoded(sent);
    const photo = canvasOf(image); // the bitmap itself is moved to the worker
    const { result, crops } = await (await device.open()).look(image, sent.whole === true, largest.crop);
    const counts = Object.entries(Object.groupBy(result.faces, countedAs)).map(([label, faces]) => [label, faces.length]);
    counts.sort((one, other) => (one[0] === "unsure") - (other[0] === "unsure") || other[1] - one[1]);
    return render("photo/answer.html", {
      result,
      counts,
      crowd,
      heat: props.heat,
      picture: jpegUrl(reduced(photo, largest.photo)),
      crops: crops.map((crop) => jpegUrl(canvasOfPicture(crop))),
      downloads: downloads(photo, result, sent.name),
    });
  }

  function downloads(photo, result, name) {
    const stem = fill(text.photo_save_name, { name: name.replace(/\.[^.]*$/, "") });
    const picture = drawn(reduced(photo, largest.drawn), result, props);
    return [
      { kind: "picture", name: `${stem}.jpg`, data: jpegUrl(picture) },
      { kind: "csv", name: `${stem}.csv`, data: fileUrl(photoCsv(name, result, labels), "text/csv") },
      { kind: "json", name: `${stem}.json`, data: fileUrl(json([{ file: name, ...result }]), "application/json") },
    ];
  }

  async function render(template, values) {
    return (await makeRenderer(props))(template, values);
  }

  return {
    async analyze(sent) {
      try {
        return await answer(sent);
      } catch (error) {
        if (error instanceof ServerChosen) return toServer(sent);
        const words = error instanceof Problem ? error.message : text.device_broken;
        return render("message.html", { words, title: text.problem, problem: true });
      }
    },
  };
}

const countedAs = ({ label, unsure }) => (unsure.length ? "unsure" : label);

function canvasOf(image, width = image.width, height = image.height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, width, height);
  return canvas;
}

function reduced(canvas, longest) {
  const scale = Math.min(1, longest / Math.max(canvas.width, canvas.height));
  const side = (length) => Math.max(1, Math.round(scale * length));
  return canvasOf(canvas, side(canvas.width), side(canvas.height));
}

// A picture of device/picture.js, RGB, as a canvas, RGBA.
function canvasOfPicture({ width, height, data }) {
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; to++) image.data[to] = to % 4 === 3 ? 255 : data[from++];
  image.data[image.data.length - 1] = 255;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

const json = (value) => JSON.stringify(value, null, 2);
const fileUrl = (text, type) => `data:${type};charset=utf-8,${encodeURIComponent(text)}`;
const jpegUrl = (canvas) => canvas.toDataURL("image/jpeg", 0.9);
