// What the page's `device.json` says: the files that reading on the visitor's own device needs, and the model's settings.

/**
 * @typedef {object} FileEntry
 * @property {string} url relative to the page, or whole
 * @property {number} bytes
 * @property {string} sha256 hexadecimal; the file is kept under it, so a new file never meets an old copy
 */

/**
 * The files of npm's onnxruntime-web, as pinned by package-lock.json in this folder. The first two are modules, which the
 * browser itself loads; they and this folder are what a service worker has to keep.
 * @typedef {object} RuntimeFiles
 * @property {string} script url of `dist/ort.wasm.min.mjs`
 * @property {string} glue url of `dist/ort-wasm-simd-threaded.mjs`
 * @property {FileEntry} wasm `dist/ort-wasm-simd-threaded.wasm`
 */

/**
 * From where on a measure is a reason to be unsure, as `unsure_limits` in the model's config.json; null is no limit.
 * @typedef {object} Limits
 * @property {number | null} [turn]
 * @property {number | null} [roll]
 * @property {number | null} [size]
 * @property {number | null} [sharpness]
 */

/**
 * @typedef {object} Config
 * @property {string[]} labels fer_hf.labels.LABELS, in whose order scores are given
 * @property {number[]} order index in the classifier's output for each of `labels`: `FaceAnalyzer.order`
 * @property {number} image_size side of the classifier's picture in pixels: `size.height` in preprocessor_config.json
 * @property {2 | 3} resample how it is resized: Pillow's number of bilinear or bicubic
 * @property {number[]} image_mean of preprocessor_config.json, three channels
 * @property {number[]} image_std of preprocessor_config.json, three channels
 * @property {number} unsure_below `FaceAnalyzer.unsure_below`
 * @property {Limits} unsure_limits `FaceAnalyzer.unsure_limits` as a mapping
 * @property {number[] | null} neutral_logits `FaceAnalyzer.neutral_logits`, for a personal baseline in Live
 */

/**
 * @typedef {object} Manifest
 * @property {RuntimeFiles} runtime
 * @property {FileEntry} detector CenterFace, as `fer_hf.hub.onnx.write_detector` writes it
 * @property {FileEntry} classifier `onnx/model_quantized.onnx`, as `fer_hf.hub.onnx.export_onnx` writes it
 * @property {Config} config
 */

export {};
