// What every worker of the engine does first: load the build that the page can use, and word its errors.

/** @import { Build, EngineAnswer } from "./engine-worker.js" */
/** @import { EngineError } from "./protocol.js" */

/** A host's rules may keep the workers of the pool from starting without any error; then they are given up, ms. */
const POOL_TIMEOUT_MS = 20_000;

/**
 * Loads the engine's module, with its pool of threads where more than one is asked for. Where the pool can't be had, one thread
 * does the same, only slower.
 * @template Engine
 * @param {number} threads no more than `threadsAvailable`
 * @returns {Promise<{ engine: Engine, threads: number }>} `threads`: how many it runs on
 */
export async function loadEngine(threads) {
  const threaded = threads > 1 ? await loadThreaded(threads) : undefined;
  return threaded ? { engine: threaded, threads } : { engine: await load("single"), threads: 1 };
}

/** @param {number} threads @returns {Promise<any>} nothing where they did not start */
async function loadThreaded(threads) {
  try {
    const engine = await load("threads");
    await Promise.race([engine.initThreadPool(threads), giveUp()]);
    return engine;
  } catch {
    return undefined;
  }
}

/** @returns {Promise<never>} */
function giveUp() {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("the threads did not start")), POOL_TIMEOUT_MS));
}

/** @param {Build} build @returns {Promise<any>} */
async function load(build) {
  const engine = await import(new URL(`../pkg/${build}/crucible.js`, import.meta.url).href);
  await engine.default({ module_or_path: await fromPage(build) });
  return engine;
}

/** The engine as the page has compiled it. @param {Build} build @returns {Promise<WebAssembly.Module>} */
function fromPage(build) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => {
      port1.close();
      const answer = /** @type {EngineAnswer} */ (data);
      if ("module" in answer) resolve(answer.module);
      else reject(new Error(answer.error));
    };
    port1.onmessageerror = () => reject(new Error("the compiled engine did not reach its worker"));
    self.postMessage({ type: "engine-wanted", build, answer: port2 }, { transfer: [port2] });
  });
}

/** @param {unknown} thrown @param {string} hint what to try where the engine itself broke @returns {EngineError} */
export function asEngineError(thrown, hint) {
  if (typeof thrown === "object" && thrown !== null && "kind" in thrown && "message" in thrown) {
    const error = /** @type {any} */ (thrown);
    return { kind: String(error.kind), message: String(error.message), hint: error.hint ? String(error.hint) : null };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: "engine", message: `The engine stopped: ${message}`, hint };
}
