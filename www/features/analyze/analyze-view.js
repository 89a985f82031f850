// Trajectories of others, through the same analyses as a run of this page.

import { el, table } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { estimateText } from "../../components/estimate-label.js";
import { count } from "../../components/format.js";
import { startEngineWorker } from "../../engine/engine-worker.js";
import { noteThreads, threadsAvailable } from "../../engine/threads.js";
import { PropertiesPanel } from "../properties/properties-panel.js";
import { StructurePanel } from "../structure/structure-panel.js";
import { TransportPanel } from "../transport/transport-panel.js";
import { AnalyzeForm } from "./analyze-form.js";

/** @import { AnalysisRequest, FromAnalysis, TrajectoryReport } from "../../engine/analysis-worker.js" */
/** @import { EngineError } from "../../engine/protocol.js" */

/** Threads of the analysis: reading text is most of it, and that is done by one. */
const THREADS = 2;

export class AnalyzeView {
  /** @param {HTMLElement} place */
  constructor(place) {
    /** @type {Worker | undefined} */
    this.worker = undefined;
    /** @type {{ settings: object, report: TrajectoryReport } | undefined} */
    this.latest = undefined;
    this.form = new AnalyzeForm((request) => this.#start(request));
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "Progress of the analysis" });
    this.status = el("p", { role: "status", class: "quiet-text" });
    // Beside the status, which would be read out at each change.
    this.numbers = el("p", { class: "quiet-text" });
    this.cancel = el("button", { type: "button", onclick: () => this.#cancel() }, "Cancel");
    this.progress = el("div", { class: "analysis-progress" }, this.status, this.numbers, this.bar, this.cancel);
    this.summary = el("div");
    this.structure = new StructurePanel("analyze-structure-title", "Needs a cell that is periodic in all directions.");
    this.transport = new TransportPanel("analyze-transport-title", "Needs the time between frames, and more of them.");
    this.properties = new PropertiesPanel("analyze-properties-title");
    this.report = el(
      "div",
      { hidden: true },
      el("div", { class: "analysis-report" }, this.#summaryCard(), this.structure.element, this.transport.element),
      this.properties.element,
    );
    this.#setBusy(false);
    place.replaceChildren(this.form.element, this.progress, this.report);
  }

  #summaryCard() {
    this.title = el("h2", { id: "analyze-summary-title", tabindex: -1 }, "The trajectory");
    return el(
      "section",
      { class: "card panel", "aria-labelledby": "analyze-summary-title" },
      this.title,
      this.summary,
      el(
        "div",
        { class: "export-row" },
        el("button", { type: "button", class: "small", onclick: () => this.#save() }, "Results, JSON"),
      ),
    );
  }

  /** @param {Omit<AnalysisRequest, "threads">} request */
  #start(request) {
    this.worker?.terminate();
    const worker = startEngineWorker("./analysis-worker.js", "crucible-analysis");
    this.worker = worker;
    this.report.hidden = true;
    this.#setBusy(true);
    this.status.textContent = `Reading ${request.trajectory.name} …`;
    this.bar.value = 0;
    const threads = Math.min(THREADS, threadsAvailable());
    worker.addEventListener("message", (event) => {
      if (event.data.type === "ready") noteThreads(threads, event.data.threads);
      else this.#receive(event.data, request);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#fail({ kind: "worker", message: event.message || "The engine could not be loaded.", hint: "Reload the page." });
    });
    worker.postMessage({ ...request, threads });
  }

  /** @param {Exclude<FromAnalysis, { type: "ready" }>} message @param {Omit<AnalysisRequest, "threads">} request */
  #receive(message, { trajectory, settings, logSettings }) {
    if (message.type === "error") return this.#fail(message.error);
    if (message.type === "progress") {
      const share = message.bytes / trajectory.size;
      this.bar.value = share;
      this.numbers.textContent = `${count(message.frames)} frames, ${Math.floor(100 * share)} %`;
      return;
    }
    this.#end();
    this.latest = { settings: { trajectory: trajectory.name, ...settings, log: logSettings }, report: message.report };
    this.#show(message.report, this.latest.settings);
  }

  /** @param {TrajectoryReport} report @param {object} settings */
  #show(report, settings) {
    const { results, notes } = report;
    const interval = report.interval_fs === null ? "" : `, ${Number(report.interval_fs.toPrecision(6))} fs apart`;
    const averages = Object.entries(results.estimates).map(([name, estimate]) => [name, estimateText(estimate)]);
    this.summary.replaceChildren(
      el("p", {}, `${count(report.frames)} frames of ${count(report.atoms)} atoms${interval}.`),
      ...(averages.length > 0 ? [table("Averages", ["quantity", "mean ± error"], averages)] : []),
      ...(notes.length > 0 ? [el("h3", {}, "To know"), el("ul", { class: "analysis-notes" }, ...notes.map((note) => el("li", {}, note)))] : []),
    );
    this.report.hidden = false;
    this.structure.clear();
    this.transport.clear();
    this.structure.show(results);
    this.transport.show(results);
    this.properties.begin(settings);
    this.properties.show(results);
    this.status.textContent = `Done: ${count(report.frames)} frames; the results are below.`;
    this.title?.focus({ preventScroll: true });
    this.report.scrollIntoView({ block: "start" });
  }

  /** @param {EngineError} error */
  #fail({ message, hint }) {
    this.#end();
    this.form.showErrors([message, ...(hint ? [hint] : [])]);
  }

  #cancel() {
    this.#end();
    this.status.textContent = "Cancelled.";
    this.form.button.focus();
  }

  #end() {
    this.worker?.terminate();
    this.worker = undefined;
    this.#setBusy(false);
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.bar.hidden = !busy;
    this.cancel.hidden = !busy;
    this.status.textContent = "";
    this.numbers.textContent = "";
    this.form.button.disabled = busy;
    document.documentElement.dataset["analysis"] = busy ? "running" : "idle";
  }

  #save() {
    if (this.latest) download("analysis.json", `${JSON.stringify(this.latest, null, 2)}\n`, "application/json");
  }
}
