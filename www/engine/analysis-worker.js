// Analyses a trajectory of others: reads it in pieces, so that memory stays bounded however long the file. To cancel, the page
// ends the worker.

import { asEngineError, loadEngine } from "./loading.js";

/** @import { EngineError, Results } from "./protocol.js" */

/**
 * What a trajectory's file does not say; see `run::AnalyzeSettings` in the engine.
 * @typedef {object} AnalyzeSettings
 * @property {number | null} interval_fs
 * @property {number | null} timestep_fs
 * @property {string[]} elements
 * @property {Record<string, number>} charges
 * @property {number | null} temperature_k
 * @property {number} skip
 */

/**
 * See `run::TrajectoryReport` in the engine.
 * @typedef {object} TrajectoryReport
 * @property {number} frames
 * @property {number} atoms
 * @property {number | null} interval_fs
 * @property {string[]} notes
 * @property {Results} results
 */

/** @typedef {{ trajectory: File, log: File | null, settings: AnalyzeSettings, logSettings: { units: string | null, timestep_fs: number | null, skip: number }, threads: number }} AnalysisRequest */

/**
 * @typedef {{ type: "ready", threads: number }
 *   | { type: "progress", bytes: number, frames: number }
 *   | { type: "report", report: TrajectoryReport }
 *   | { type: "error", error: EngineError }} FromAnalysis
 */

/**
 * @typedef {object} Analysis
 * @property {(bytes: Uint8Array, file: string, settings: object) => void} takeLog
 * @property {(bytes: Uint8Array) => number} feed
 * @property {() => TrajectoryReport} finish
 */

/** @typedef {{ Analysis: new (settings: AnalyzeSettings, file: string) => Analysis }} Engine */

/** @type {DedicatedWorkerGlobalScope} */
const scope = /** @type {any} */ (self);

/** Bytes that are read at once. */
const PIECE = 4 << 20;

scope.addEventListener("message", (event) => {
  analyze(event.data).catch((error) => send({ type: "error", error: asEngineError(error, "Fewer frames, or a smaller file, may help.") }));
});

/** A log is read whole: this much, bytes, fits beside the engine's other memory. */
const MOST_LOG_BYTES = 128 << 20;

/** @param {AnalysisRequest} request */
async function analyze({ trajectory, log, settings, logSettings, threads: asked }) {
  const { engine, threads } = /** @type {{ engine: Engine, threads: number }} */ (await loadEngine(asked));
  send({ type: "ready", threads });
  const analysis = new engine.Analysis(settings, trajectory.name);
  if (log && log.size > MOST_LOG_BYTES) {
    const found = Math.round(log.size / 2 ** 20);
    throw { kind: "files", message: `${log.name}: found ${found} MB; expected a log of at most ${MOST_LOG_BYTES / 2 ** 20} MB. The command line takes more.` };
  }
  if (log) analysis.takeLog(await bytesOf(log, log.name), log.name, logSettings);
  for (let from = 0; from < trajectory.size; from += PIECE) {
    const piece = await bytesOf(trajectory.slice(from, from + PIECE), trajectory.name);
    const frames = analysis.feed(piece);
    send({ type: "progress", bytes: from + piece.length, frames });
  }
  send({ type: "report", report: analysis.finish() });
}

/** @param {Blob} blob @param {string} name */
async function bytesOf(blob, name) {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch {
    throw { kind: "files", message: `${name}: the browser could not read it; expected a plain file that stays where it is.` };
  }
}

/** @param {FromAnalysis} message */
function send(message) {
  scope.postMessage(message);
}
