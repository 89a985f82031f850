// The page's end of a fit: owns the worker and says what happens in it.

import { startEngineWorker } from "./engine-worker.js";
import { noteThreads, threadsAvailable } from "./threads.js";

/** @import { ActiveSetSpan, FitProgress, FitResult, FitSpec, FromFitWorker, PotentialForm, Preview, Question, ToFitWorker } from "./fit-protocol.js" */
/** @import { EngineError } from "./protocol.js" */

/**
 * What a fit tells the page.
 * @typedef {object} FitListener
 * @property {(progress: FitProgress, elapsedMs: number) => void} progress
 * @property {(preview: Preview) => void} preview
 * @property {(result: FitResult | null, cancelled: boolean, progress: FitProgress) => void} finished
 * @property {(span: ActiveSetSpan, almtp: Uint8Array) => void} activeSet
 * @property {(error: EngineError) => void} error of the fit, not of a question
 */

/** One worker: it answers questions on files, or fits. */
export class FitClient {
  /** @param {FitListener} listener @param {number} threads */
  constructor(listener, threads) {
    this.listener = listener;
    this.threads = Math.min(threads, threadsAvailable());
    this.nextId = 1;
    /** @type {Map<number, { resolve: (value: any) => void, reject: (error: EngineError) => void }>} */
    this.waiting = new Map();
    this.worker = startEngineWorker("./fit-worker.js", "crucible-fit");
    this.worker.addEventListener("message", (event) => this.#receive(event.data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail({ kind: "worker", message: event.message || "The engine could not be loaded.", hint: "Reload the page." });
    });
    this.#send({ type: "open", threads: this.threads });
  }

  /** @template T @param {Question} question @returns {Promise<T>} */
  ask(question) {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.#send({ type: "ask", id, question });
    });
  }

  /** @param {PotentialForm} form @param {FitSpec} spec */
  fit(form, spec) {
    this.#send({ type: "fit", form, spec });
  }

  /** Ends the fit after the present slice; what it has found so far comes back. */
  cancel() {
    this.#send({ type: "cancel" });
  }

  /** Ends the worker, and the pool of threads inside it. */
  stop() {
    this.worker.terminate();
    this.#rejectAll({ kind: "stopped", message: "The fit was stopped." });
  }

  /** @param {EngineError} error */
  #fail(error) {
    this.#rejectAll(error);
    this.listener.error(error);
  }

  /** @param {EngineError} error */
  #rejectAll(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** @param {ToFitWorker} message */
  #send(message) {
    this.worker.postMessage(message);
  }

  /** @param {FromFitWorker} message */
  #receive(message) {
    switch (message.type) {
      case "ready":
        return noteThreads(this.threads, message.threads);
      case "answer":
        this.waiting.get(message.id)?.resolve(message.value);
        this.waiting.delete(message.id);
        return;
      case "progress":
        return this.listener.progress(message.progress, message.elapsedMs);
      case "preview":
        return this.listener.preview(message.preview);
      case "finished":
        return this.listener.finished(message.result, message.cancelled, message.progress);
      case "active-set":
        return this.listener.activeSet(message.span, message.almtp);
      case "error":
        if (message.id === undefined) return this.#fail(message.error);
        this.waiting.get(message.id)?.reject(message.error);
        this.waiting.delete(message.id);
    }
  }
}
