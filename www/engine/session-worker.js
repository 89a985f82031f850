// Runs one session of the engine. It advances in short slices and listens between them, since a worker inside wasm
// can't hear "pause".

import { asEngineError, loadEngine } from "./loading.js";

/** @import { FromWorker, RunFiles, RunSpec, Series, ToWorker } from "./protocol.js" */

/**
 * The engine's class as the wasm build offers it.
 * @typedef {object} Session
 * @property {(budgetMs: number, maxSteps?: number) => import("./protocol.js").Progress} advance
 * @property {() => import("./protocol.js").Progress} progress
 * @property {() => { positions: Float32Array, cell: Float64Array }} frame
 * @property {() => import("./protocol.js").Atoms} atoms
 * @property {() => import("./protocol.js").About} about
 * @property {() => string[]} seriesNames
 * @property {(name: string) => Series} series
 * @property {() => import("./protocol.js").Results} results
 * @property {() => import("./protocol.js").ScanResults | undefined} scan
 * @property {(file: string) => string} write
 * @property {(file: string) => string} writeTrajectory
 * @property {() => Uint8Array} checkpoint
 * @property {(checkpoint: Uint8Array) => void} restore
 * @property {() => Float32Array | undefined} grades
 * @property {(file: string) => string} writeKept
 */

/**
 * @typedef {object} Engine
 * @property {new (spec: RunSpec, files: RunFiles) => Session} Session
 */

/** @type {DedicatedWorkerGlobalScope} */
const scope = /** @type {any} */ (self);

/** Length of one slice: short enough that "pause" feels immediate, ms. */
const SLICE_MS = 50;
const PROGRESS_EVERY_MS = 100;
const SERIES_EVERY_MS = 200;
const RESULTS_EVERY_MS = 1000;
/** The speed is an average over this much running, or over what there is. */
const SPEED_OVER_MS = 500;

/** @type {Session | undefined} */
let session;
/** @type {"idle" | "running" | "paused" | "finished" | "failed"} */
let state = "idle";
let frameWanted = true;
let nextProgress = 0;
let nextSeries = 0;
let nextResults = 0;
/** Steps and wall time of recent running, for the speed. */
let speedometer = { steps: 0, timePs: 0, elapsedMs: 0 };
let speed = { stepsPerSecond: 0, nsPerDay: 0 };
let lastStep = 0;
let lastTimePs = 0;
/** Which of its temperatures the run was last seen at. */
let lastTemperature = 0;

scope.addEventListener("message", (event) => {
  const message = /** @type {ToWorker} */ (event.data);
  handle(message).catch((error) => fail(error, "id" in message ? message.id : undefined));
});

/** @param {ToWorker} message */
async function handle(message) {
  switch (message.type) {
    case "start":
      return start(message);
    case "pause":
      if (state === "running") {
        // What stands still on the page shall be where the run stands, not what the last report happened to say.
        if (session) report(session.progress(), true);
        setState("paused");
      }
      return;
    case "resume":
      if (state === "paused") {
        setState("running");
        loop();
      }
      return;
    case "step":
      if (session && (state === "running" || state === "paused")) {
        setState("paused");
        try {
          const progress = session.advance(Infinity, message.steps);
          follow(session, progress, true);
        } catch (error) {
          reportLast();
          throw error;
        }
      }
      return;
    case "frame-shown":
      frameWanted = true;
      return;
    case "checkpoint":
      if (session) sendCheckpoint(session, message.id);
      return;
    case "write":
      if (session) send({ type: "written", id: message.id, text: written(session, message) });
  }
}

/** @param {Session} from @param {Extract<ToWorker, { type: "write" }>} message */
function written(from, { what, file }) {
  if (what === "trajectory") return from.writeTrajectory(file);
  return what === "kept" ? from.writeKept(file) : from.write(file);
}

/** @param {Extract<ToWorker, { type: "start" }>} message */
async function start({ spec, files, threads, checkpoint }) {
  const loaded = await loadEngine(threads);
  const engine = /** @type {Engine} */ (loaded.engine);
  send({ type: "ready", threads: loaded.threads });
  session = new engine.Session(spec, files);
  if (checkpoint) session.restore(checkpoint);
  const progress = session.progress();
  beginTemperature(session, progress);
  const finished = progress.stage === "finished";
  setState(finished ? "finished" : "running");
  loop();
}

/** Tells of the atoms at a temperature, and what those before it say. @param {Session} from @param {import("./protocol.js").Progress} progress */
function beginTemperature(from, progress) {
  lastTemperature = progress.scan?.index ?? 0;
  // What a run did before it was restored does not count towards its speed now.
  [lastStep, lastTimePs] = [progress.step, progress.time_ps];
  const atoms = from.atoms();
  send({ type: "atoms", atoms, about: from.about() }, [atoms.types.buffer]);
  sendScan(from);
  report(progress, true);
}

/**
 * Tells where the run stands after steps were taken.
 * @param {Session} from @param {import("./protocol.js").Progress} progress @param {boolean} all whether everything is due
 * @param {() => void} [measured] before the telling
 */
function follow(from, progress, all, measured = () => {}) {
  const begins = (progress.scan?.index ?? 0) !== lastTemperature;
  // Tells everything already.
  if (begins) beginTemperature(from, progress);
  measured();
  const finished = progress.stage === "finished";
  report(progress, finished || (all && !begins));
  if (!finished) return;
  sendScan(from);
  setState("finished");
}

/** One slice, then a turn of the event loop for messages, then the next. */
function loop() {
  if (state !== "running" || !session) return;
  try {
    const began = performance.now();
    const progress = session.advance(SLICE_MS);
    const elapsed = performance.now() - began;
    follow(session, progress, false, () => measure(progress, elapsed));
  } catch (error) {
    reportLast();
    fail(error);
    return;
  }
  turn.port2.postMessage(0);
}

// A message to itself comes back in a new turn without the delay that timers have.
const turn = new MessageChannel();
turn.port1.onmessage = loop;

/** @param {import("./protocol.js").Progress} progress @param {number} elapsedMs */
function measure(progress, elapsedMs) {
  speedometer.steps += progress.step - lastStep;
  speedometer.timePs += progress.time_ps - lastTimePs;
  speedometer.elapsedMs += elapsedMs;
  lastStep = progress.step;
  lastTimePs = progress.time_ps;
  if (speedometer.elapsedMs < SPEED_OVER_MS && speed.stepsPerSecond > 0) return;
  const seconds = Math.max(speedometer.elapsedMs, 1) / 1000;
  speed = { stepsPerSecond: speedometer.steps / seconds, nsPerDay: ((speedometer.timePs / 1000) * 86400) / seconds };
  if (speedometer.elapsedMs >= SPEED_OVER_MS) speedometer = { steps: 0, timePs: 0, elapsedMs: 0 };
}

/** @param {import("./protocol.js").Progress} progress @param {boolean} all whether everything is due */
function report(progress, all) {
  if (!session) return;
  const now = performance.now();
  if (all || frameWanted) sendFrame(session);
  if (all || now >= nextProgress) {
    nextProgress = now + PROGRESS_EVERY_MS;
    send({ type: "progress", progress, speed });
  }
  if (all || now >= nextSeries) {
    nextSeries = now + SERIES_EVERY_MS;
    sendSeries(session);
  }
  if (all || now >= nextResults) {
    const results = session.results();
    send({ type: "results", results });
    // An analysis that takes long comes less often: at most a tenth of the time goes into it.
    nextResults = performance.now() + Math.max(RESULTS_EVERY_MS, 9 * (performance.now() - now));
  }
}

/** Where a run stands that failed is its last good state; what it met on the way there is worth showing too. */
function reportLast() {
  try {
    if (nextProgress === 0 || !session) return;
    const progress = session.progress();
    if ((progress.scan?.index ?? 0) !== lastTemperature) beginTemperature(session, progress);
    else report(progress, true);
    sendScan(session);
  } catch {
    // An engine that broke in the middle of its work tells nothing more, and what broke it is what matters.
  }
}

/** @param {Session} from */
function sendFrame(from) {
  frameWanted = false;
  const { positions, cell } = from.frame();
  const grades = from.grades();
  if (grades) send({ type: "frame", positions, cell, grades }, [positions.buffer, cell.buffer, grades.buffer]);
  else send({ type: "frame", positions, cell }, [positions.buffer, cell.buffer]);
}

/** @param {Session} from */
function sendScan(from) {
  const scan = from.scan();
  if (scan) send({ type: "scan", scan });
}

/** @param {Session} from @param {number} id of the request */
function sendCheckpoint(from, id) {
  const bytes = from.checkpoint();
  send({ type: "checkpoint", id, bytes, progress: from.progress() }, [bytes.buffer]);
}

/** @param {Session} from */
function sendSeries(from) {
  /** @type {Record<string, Series>} */
  const series = {};
  for (const name of from.seriesNames()) series[name] = from.series(name);
  send({ type: "series", series }, Object.values(series).flatMap(({ x, y }) => [x.buffer, y.buffer]));
}

/** @param {"running" | "paused" | "finished" | "failed"} next */
function setState(next) {
  state = next;
  send({ type: "state", state: next });
}

/** @param {unknown} thrown @param {number} [id] of the request that failed, where it was one */
function fail(thrown, id) {
  const error = asEngineError(thrown, "Reset the run; fewer atoms or one thread may help.");
  if (id === undefined) {
    state = "failed";
    send({ type: "error", error });
  } else {
    send({ type: "error", error, id });
  }
}

/** @param {FromWorker} message @param {Transferable[]} [transfer] */
function send(message, transfer = []) {
  scope.postMessage(message, transfer);
}
