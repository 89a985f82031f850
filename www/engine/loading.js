// What every worker of the engine does first: load the build that the page can use, and word its errors.

/** @import { EngineError } from "./protocol.js" */

/**
 * Loads the engine's module, with its pool of threads where the page is isolated.
 * @template Engine
 * @param {number} threads
 * @param {boolean} isolated
 * @returns {Promise<{ engine: Engine, threads: number }>} `threads`: how many it runs on
 */
export async function loadEngine(threads, isolated) {
  const build = isolated && threads > 1 ? "threads" : "single";
  const engine = await import(new URL(`../pkg/${build}/crucible.js`, import.meta.url).href);
  await engine.default({ module_or_path: new URL(`../pkg/${build}/crucible_bg.wasm`, import.meta.url) });
  if (build === "threads") await engine.initThreadPool?.(threads);
  return { engine, threads: build === "threads" ? threads : 1 };
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
