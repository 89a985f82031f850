// Fits potentials. It advances in short slices and listens between them, since a worker inside wasm can't hear "cancel".

import { asEngineError, loadEngine } from "./loading.js";

/** @import { ActiveSetSpan, Collected, DataFile, Finished, FitProgress, FitSpec, FromFitWorker, Inspected, PotentialForm, Preview, Question, ToFitWorker } from "./fit-protocol.js" */

/**
 * The engine's class as the wasm build offers it.
 * @typedef {object} FitSession
 * @property {() => Inspected} inspect
 * @property {(form: PotentialForm, spec: FitSpec) => void} begin
 * @property {(budgetMs: number) => FitProgress} advance
 * @property {() => Preview | undefined} preview
 * @property {() => Finished | undefined} finish
 * @property {() => ActiveSetSpan} chooseActiveSet
 * @property {() => string} mtp
 * @property {() => Uint8Array} almtp
 * @property {(number: number) => string} structure
 * @property {() => void} free
 */

/**
 * @typedef {object} Engine
 * @property {new (files: DataFile[], species: string[], template: DataFile | undefined) => FitSession} FitSession
 * @property {(files: DataFile[], species: string[], file: string) => string} convertStructures
 * @property {(files: DataFile[], species: string[], code: string, metal: boolean) => { path: string, text: string }[]} labelInputs
 * @property {(outputs: DataFile[], files: DataFile[], species: string[], code: string, metal: boolean) => Collected} labelOutputs
 */

/** @type {DedicatedWorkerGlobalScope} */
const scope = /** @type {any} */ (self);

/** Length of one slice: "cancel" is heard after it, or after one block of configurations if that takes longer, ms. */
const SLICE_MS = 100;
const PROGRESS_EVERY_MS = 150;
const PREVIEW_EVERY_MS = 1000;
/** Compositions that a run can start from. */
const MOST_STARTS = 40;

/** @type {Promise<Engine> | undefined} */
let opening;
/** @type {FitSession | undefined} */
let session;
let fitting = false;
let cancelled = false;
let began = 0;
let nextProgress = 0;
let nextPreview = 0;
/** Passes over the data that the latest preview was of. */
let previewed = -1;

scope.addEventListener("message", (event) => {
  const message = /** @type {ToFitWorker} */ (event.data);
  handle(message).catch((error) => fail(error, "id" in message ? message.id : undefined));
});

/** @param {ToFitWorker} message */
async function handle(message) {
  switch (message.type) {
    case "open":
      opening = open(message.threads);
      await opening;
      return;
    case "ask": {
      const engine = await opening;
      if (engine) send({ type: "answer", id: message.id, value: answer(engine, message.question) });
      return;
    }
    case "fit":
      await opening;
      return begin(message.form, message.spec);
    case "cancel":
      cancelled = true;
  }
}

/** @param {number} threads @returns {Promise<Engine>} */
async function open(threads) {
  const loaded = await loadEngine(threads);
  send({ type: "ready", threads: loaded.threads });
  return /** @type {Engine} */ (loaded.engine);
}

/** @param {Engine} engine @param {Question} question */
function answer(engine, question) {
  switch (question.what) {
    case "inspect":
      session?.free();
      session = undefined;
      session = new engine.FitSession(question.files, question.species, question.template);
      return session.inspect();
    case "convert":
      return engine.convertStructures(question.files, question.species, question.file);
    case "label-inputs":
      return engine.labelInputs(question.files, question.species, question.settings.code, question.settings.metal);
    case "label-outputs":
      return engine.labelOutputs(question.outputs, question.files, question.species, question.settings.code, question.settings.metal);
  }
}

function known() {
  if (!session) throw new Error("no data set was read");
  return session;
}

/** @param {PotentialForm} form @param {FitSpec} spec */
function begin(form, spec) {
  cancelled = false;
  previewed = -1;
  [nextProgress, nextPreview] = [0, 0];
  began = performance.now();
  known().begin(form, spec);
  fitting = true;
  loop();
}

/** One slice, then a turn of the event loop for messages, then the next. */
function loop() {
  if (!fitting || !session) return;
  try {
    const progress = session.advance(SLICE_MS);
    if (progress.end || cancelled) {
      finish(session, progress);
      return;
    }
    report(session, progress);
  } catch (error) {
    fitting = false;
    fail(error);
    return;
  }
  turn.port2.postMessage(0);
}

// A message to itself comes back in a new turn without the delay that timers have.
const turn = new MessageChannel();
turn.port1.onmessage = loop;

/** @param {FitSession} from @param {FitProgress} progress */
function report(from, progress) {
  const now = performance.now();
  if (now >= nextProgress) {
    nextProgress = now + PROGRESS_EVERY_MS;
    send({ type: "progress", progress, elapsedMs: now - began });
  }
  if (now < nextPreview || progress.passes === previewed) return;
  const preview = from.preview();
  if (preview) send({ type: "preview", preview });
  previewed = progress.passes;
  // Looking on takes at most a tenth of the time.
  nextPreview = performance.now() + Math.max(PREVIEW_EVERY_MS, 9 * (performance.now() - now));
}

/** @param {FitSession} from @param {FitProgress} progress */
function finish(from, progress) {
  fitting = false;
  send({ type: "progress", progress, elapsedMs: performance.now() - began });
  const finished = from.finish();
  const starts = () => from.inspect().summary.compositions.slice(0, MOST_STARTS).map(({ calmest }) => from.structure(calmest));
  const result = finished ? { ...finished, mtp: from.mtp(), starts: starts() } : null;
  send({ type: "finished", result, cancelled: cancelled && !progress.end, progress });
  if (!result) return;
  // In a turn of its own, since it may take long.
  setTimeout(() => {
    try {
      const span = from.chooseActiveSet();
      send({ type: "active-set", span, almtp: from.almtp() });
    } catch (error) {
      fail(error);
    }
  }, 0);
}

/** @param {unknown} thrown @param {number} [id] of the question that failed, where it was one */
function fail(thrown, id) {
  const error = asEngineError(thrown, "A lower level, fewer configurations or one thread may help.");
  send(id === undefined ? { type: "error", error } : { type: "error", error, id });
}

/** @param {FromFitWorker} message */
function send(message) {
  scope.postMessage(message);
}
