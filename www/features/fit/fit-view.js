// Fitting a potential: data in, choices, progress with live charts, and what came of it.

import { el } from "../../components/dom.js";
import { FitClient } from "../../engine/fit-client.js";
import { LabelPanel } from "../labelling/label-panel.js";
import { DataPanel } from "./data-panel.js";
import { FitForm } from "./fit-form.js";
import { ProgressPanel } from "./progress-panel.js";
import { ResultPanel } from "./result-panel.js";

/** @import { DataFile, Inspected, Question } from "../../engine/fit-protocol.js" */
/** @import { EngineError } from "../../engine/protocol.js" */
/** @import { RunRequest } from "../setup/setup-form.js" */
/** @import { Fitted } from "./result-panel.js" */

export class FitView {
  /**
   * @param {HTMLElement} place
   * @param {{ threadsAvailable: number, runIt: (request: RunRequest) => void }} options
   */
  constructor(place, { threadsAvailable, runIt }) {
    /** Reads files, so that a fit can go on while the next one is prepared. @type {FitClient | undefined} */
    this.reader = undefined;
    /** A fit; each takes a new worker, so that nothing of an old one is left. @type {FitClient | undefined} */
    this.fitter = undefined;
    /** The latest inspection; earlier ones that answer late are not shown. */
    this.inspection = 0;
    this.data = new DataPanel(() => void this.#inspect());
    this.form = new FitForm({ threadsAvailable, fit: () => void this.#fit(), templateChanged: () => void this.#inspect() });
    this.progress = new ProgressPanel(() => this.#cancel());
    this.result = new ResultPanel({ runIt, goOn: (potential) => void this.#fit(potential) });
    this.labels = new LabelPanel((question) => this.#ask(question), (files) => this.data.add(files));
    this.errors = el("div", { class: "error-panel", role: "alert", tabindex: -1, hidden: true });
    place.replaceChildren(
      this.data.element,
      this.form.element,
      this.errors,
      this.progress.element,
      this.result.element,
      this.labels.element,
    );
  }

  /** Whether work would be lost with the page: a fit that goes on, or a potential that was not saved. */
  get hasUnsaved() {
    return this.fitter !== undefined || this.result.isUntaken;
  }

  /** Structures to label, such as those that a run kept. @param {DataFile} file */
  label(file) {
    this.labels.add(file);
  }

  /** Reads what was dropped. */
  async #inspect() {
    const inspection = ++this.inspection;
    this.#setReady(false);
    const { files, species } = this.data;
    const { template } = this.form;
    if (files.length === 0) {
      this.data.show(undefined);
      this.labels.presetFor([]);
      return;
    }
    this.data.showReading();
    const begun = await this.#read({ what: "inspect", files, species, template });
    if (inspection !== this.inspection) return;
    // What the data are without it tells which of the two is at fault.
    const alone = template && begun.error ? await this.#read({ what: "inspect", files, species }) : begun;
    if (inspection !== this.inspection) return;
    const refusal = template && begun.error && (alone.inspected || isOf(begun.error, template, files)) ? begun.error : undefined;
    // What was refused by its field says so still.
    if (template) this.form.showTemplateError(refusal);
    const { inspected, error } = refusal ? alone : begun;
    if (error) this.data.showError(error);
    if (!inspected) return;
    this.data.show(inspected);
    this.labels.presetFor(inspected.summary.methods);
    if (!refusal) this.#setReady(inspected.problem === null && !inspected.summary.numbered, inspected.equations);
  }

  /** @param {Question} question @returns {Promise<{ inspected?: Inspected, error?: EngineError }>} */
  async #read(question) {
    try {
      return { inspected: await this.#ask(question) };
    } catch (error) {
      return { error: /** @type {EngineError} */ (error) };
    }
  }

  /** @param {boolean} ready @param {number} [equations] */
  #setReady(ready, equations) {
    this.form.setReady(ready, equations);
    this.#updateGoOn();
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.form.setBusy(busy);
    this.#updateGoOn();
  }

  #updateGoOn() {
    this.result.setGoOn(!this.form.button.disabled);
  }

  /** @param {Fitted} [further] what to go on from: all else is as for a new fit */
  async #fit(further) {
    const pressed = document.activeElement;
    this.#showError(undefined);
    if (!this.form.check(further !== undefined)) return;
    // What goes on from a potential holds it still; a new fit takes its place.
    if (!further && this.result.isUntaken && !window.confirm(REPLACES)) return;
    this.#stopFitter();
    this.result.setAside();
    this.#setBusy(true);
    const { files } = this.data;
    const { threads, potential } = this.form;
    const species = further?.species ?? this.data.species;
    const template = further ?? this.form.template;
    const spec = further ? { ...this.form.spec, starts: 1 } : this.form.spec;
    this.progress.begin(spec, { goesOn: template !== undefined, takesFocus: pressed === this.form.button || this.result.element.contains(pressed) });
    /** @type {Inspected | undefined} */
    let inspected;
    const fitter = new FitClient(
      {
        progress: (progress, elapsedMs) => this.progress.show(progress, elapsedMs),
        preview: ({ charts }) => this.progress.showCharts(charts),
        finished: (result, cancelled, progress) => {
          this.#setBusy(false);
          if (result && inspected) this.result.show({ result, summary: inspected.summary, threads, heldOut: spec.held_out });
          else this.#backToBefore();
          this.progress.finish(progress, cancelled, result);
        },
        activeSet: (span, almtp) => {
          this.result.showActiveSet(span, almtp);
          this.#stopFitter();
        },
        error: (error) => this.#failed(error),
      },
      threads,
    );
    this.fitter = fitter;
    try {
      inspected = await fitter.ask({ what: "inspect", files, species, template: template && { name: template.name, bytes: template.bytes } });
      fitter.fit(potential, spec);
    } catch (error) {
      this.#failed(/** @type {EngineError} */ (error));
    }
  }

  /** Its threads and memory are free again. */
  #stopFitter() {
    this.fitter?.stop();
    this.fitter = undefined;
  }

  /** A fit led to nothing: the potential from before, if any, is there again. */
  #backToBefore() {
    this.#stopFitter();
    this.result.bringBack();
  }

  /**
   * The first press ends the fit with the best so far. Before the first step is done there is nothing to keep, and the worker
   * may be deep in its preparations: then, as at the second press, it is ended itself.
   */
  #cancel() {
    const { hasResult, isEnding } = this.progress;
    if (hasResult && !isEnding) {
      this.progress.ending();
      this.fitter?.cancel();
      return;
    }
    this.#backToBefore();
    this.progress.end(isEnding ? "Stopped: nothing of this fit is kept." : "Cancelled before the first step was complete.");
    this.#setBusy(false);
  }

  /** @param {EngineError} error */
  #failed(error) {
    if (error.kind === "stopped") return;
    this.#stopFitter();
    this.#setBusy(false);
    if (this.result.isShown) {
      this.result.showActiveSetError(error);
      return;
    }
    this.result.bringBack();
    this.progress.end("");
    this.#showError(error);
  }

  /** @param {EngineError | undefined} error */
  #showError(error) {
    this.errors.hidden = error === undefined;
    if (!error) return;
    this.errors.replaceChildren(el("h2", {}, "This can’t be fitted"), el("p", {}, error.message), ...(error.hint ? [el("p", {}, error.hint)] : []));
    this.errors.focus();
    this.errors.scrollIntoView({ block: "nearest" });
  }

  /** @template T @param {Question} question @returns {Promise<T>} */
  async #ask(question) {
    const reader = (this.reader ??= new FitClient(SILENT, 1));
    try {
      return await reader.ask(question);
    } catch (error) {
      const { kind } = /** @type {EngineError} */ (error);
      // Another question broke the engine while this one waited.
      if (kind === "stopped") return this.#ask(question);
      // An engine that broke is of no more use; the next question gets a new one.
      if (kind === "engine" || kind === "worker") {
        if (this.reader === reader) this.reader = undefined;
        reader.stop();
      }
      throw error;
    }
  }
}

/** Whether an error is of the potential to start from, and not of the data. @param {EngineError} error @param {DataFile} template @param {DataFile[]} data */
function isOf({ message }, template, data) {
  return message.includes(template.name) && !data.some(({ name }) => message.includes(name));
}

/** Asked before a fit whose result would take the place of a potential that nobody has. */
const REPLACES = "The fitted potential is not saved. A new fit takes its place. Fit anyway?";

/** The listener of a worker that fits nothing: questions get their own answers. */
const SILENT = { progress: () => {}, preview: () => {}, finished: () => {}, activeSet: () => {}, error: () => {} };
