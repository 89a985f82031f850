// The page's end of a run: owns the session worker and says what happens in it.

import { startEngineWorker } from "./engine-worker.js";
import { noteThreads, threadsAvailable } from "./threads.js";

/** @import { About, Atoms, EngineError, FromWorker, Progress, Results, RunFiles, RunSpec, RunState, ScanResults, Series, Speed, ToWorker, Written } from "./protocol.js" */

/**
 * What a run tells the page.
 * @typedef {object} RunListener
 * @property {(threads: number) => void} ready
 * @property {(atoms: Atoms, about: About) => void} atoms what runs from now on: once at each temperature
 * @property {(positions: Float32Array, cell: Float64Array, grades?: Float32Array) => void} frame
 * @property {(progress: Progress, speed: Speed) => void} progress
 * @property {(series: Record<string, Series>) => void} series
 * @property {(results: Results) => void} results
 * @property {(scan: ScanResults) => void} scan
 * @property {(state: RunState) => void} state
 * @property {(error: EngineError) => void} error
 */

/** One run. A new run takes a new client, so that nothing of an old one is left. */
export class EngineClient {
  /** @param {RunListener} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {RunState} */
    this.state = "loading";
    this.threads = 1;
    /** Whether the engine itself broke, and not only its run: it answers nothing that can be relied on. */
    this.isBroken = false;
    this.nextId = 1;
    /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: EngineError) => void }>} */
    this.waiting = new Map();
    this.worker = startEngineWorker("./session-worker.js", "crucible-session");
    this.worker.addEventListener("message", (event) => this.#receive(event.data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail({
        kind: "worker",
        message: event.message || "The engine could not be loaded.",
        hint: "Reload the page. If it happens again, choose one thread, which uses the plain build of the engine.",
      });
    });
  }

  /** @param {RunSpec} spec @param {RunFiles} files @param {number} threads @param {Uint8Array} [checkpoint] to go on from */
  start(spec, files, threads, checkpoint) {
    this.threads = Math.min(threads, threadsAvailable());
    this.#send({ type: "start", spec, files, threads: this.threads, ...(checkpoint && { checkpoint }) });
  }

  pause() {
    this.#send({ type: "pause" });
  }

  resume() {
    this.#send({ type: "resume" });
  }

  /** @param {number} steps */
  step(steps) {
    this.#send({ type: "step", steps });
  }

  /**
   * The present structure or the trajectory as text.
   * @param {Written} what
   * @param {string} file name whose ending decides the format
   * @returns {Promise<string>}
   */
  write(what, file) {
    return this.#ask((id) => ({ type: "write", id, what, file }));
  }

  /**
   * Everything that the run needs to go on, apart from its files.
   * @returns {Promise<{ bytes: Uint8Array, progress: Progress }>}
   */
  checkpoint() {
    return this.#ask((id) => ({ type: "checkpoint", id }));
  }

  /** @template T @param {(id: number) => ToWorker} request @returns {Promise<T>} */
  #ask(request) {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.#send(request(id));
    });
  }

  /** Ends the run, its worker, and the pool of threads inside it. */
  stop() {
    this.worker.terminate();
    this.#rejectAll({ kind: "stopped", message: "The run was stopped." });
  }

  /** @param {ToWorker} message */
  #send(message) {
    this.worker.postMessage(message);
  }

  /** The worker is gone. @param {EngineError} error */
  #fail(error) {
    this.#rejectAll(error);
    this.#stopped(error);
  }

  /** The run stopped; its worker still answers what was asked, unless the engine broke. @param {EngineError} error */
  #stopped(error) {
    this.isBroken = error.kind === "worker" || error.kind === "engine";
    this.state = "failed";
    this.listener.state("failed");
    this.listener.error(error);
  }

  /** @param {EngineError} error */
  #rejectAll(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** @param {number} id @param {unknown} answer */
  #answer(id, answer) {
    this.waiting.get(id)?.resolve(answer);
    this.waiting.delete(id);
  }

  /** @param {FromWorker} message */
  #receive(message) {
    switch (message.type) {
      case "ready":
        noteThreads(this.threads, message.threads);
        return this.listener.ready(message.threads);
      case "atoms":
        return this.listener.atoms(message.atoms, message.about);
      case "frame":
        this.listener.frame(message.positions, message.cell, message.grades);
        // The next frame is asked for when the display has taken this one: never more frames than can be seen.
        requestAnimationFrame(() => this.#send({ type: "frame-shown" }));
        return;
      case "progress":
        return this.listener.progress(message.progress, message.speed);
      case "series":
        return this.listener.series(message.series);
      case "results":
        return this.listener.results(message.results);
      case "scan":
        return this.listener.scan(message.scan);
      case "state":
        this.state = message.state;
        return this.listener.state(message.state);
      case "written":
        return this.#answer(message.id, message.text);
      case "checkpoint":
        return this.#answer(message.id, message);
      case "error":
        if (message.id === undefined) return this.#stopped(message.error);
        this.waiting.get(message.id)?.reject(message.error);
        this.waiting.delete(message.id);
    }
  }
}
