// Starts the engine's workers, and compiles the engine for them: once in a page, since a worker that fetches it leaves its
// bytes behind in the page's process when it ends, and every new run would wait for it anew.

/** @typedef {"threads" | "single"} Build */
/** What a worker sends to be answered with the compiled module, or with why there is none. @typedef {{ type: "engine-wanted", build: Build, answer: MessagePort }} EngineWanted */
/** @typedef {{ module: WebAssembly.Module } | { error: string }} EngineAnswer */

/** @type {Map<Build, Promise<WebAssembly.Module>>} */
const compiled = new Map();

/** @param {string} file beside this one @param {string} name shown in the browser's tools */
export function startEngineWorker(file, name) {
  const worker = new Worker(new URL(file, import.meta.url), { type: "module", name });
  worker.addEventListener("message", (event) => {
    if (event.data.type !== "engine-wanted") return;
    event.stopImmediatePropagation();
    answer(event.data);
  });
  return worker;
}

/** @param {EngineWanted} wanted */
async function answer({ build, answer }) {
  try {
    answer.postMessage({ module: await engineModule(build) });
  } catch (error) {
    answer.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
}

/** Tried anew after a failure. @param {Build} build */
function engineModule(build) {
  let module = compiled.get(build);
  if (!module) {
    module = compile(build);
    compiled.set(build, module);
    module.catch(() => compiled.delete(build));
  }
  return module;
}

/** @param {Build} build @returns {Promise<WebAssembly.Module>} */
async function compile(build) {
  const response = await fetch(new URL(`../pkg/${build}/crucible_bg.wasm`, import.meta.url));
  if (!response.ok) throw new Error(`the server answered ${response.status} for ${new URL(response.url).pathname}`);
  // A plain host may not know what wasm is; only the type that names it can be compiled while it arrives.
  const streams = response.headers.get("Content-Type") === "application/wasm";
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
