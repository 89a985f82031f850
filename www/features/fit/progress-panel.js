// A fit as it goes: how far it is, errors so far, loss and parity as live charts, and a way to end it.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { duration, significant } from "../../components/format.js";
import { LiveTable } from "../../components/live-table.js";
import { errorRows } from "./error-rows.js";

/** @import { FitProgress } from "../../engine/fit-protocol.js" */
/** @import { ChartSpec } from "../../components/chart-view.js" */

const ENDS = {
  converged: "the loss falls no further",
  "held-out": "the held-out loss falls no further: more steps would follow noise",
  iterations: "all steps are used",
};

/** What "held out" means. */
const HELD_OUT = " are configurations that are not fitted to, but the step that does best on them is kept: their errors are slightly too good.";
const FITTED_BEFORE = " This fit starts from a potential that may have been fitted to them before: then their errors say no more than those of the training.";

export class ProgressPanel {
  /** @param {() => void} cancel */
  constructor(cancel) {
    this.hasResult = false;
    /** Whether the fit was asked to end with the best so far. */
    this.isEnding = false;
    this.stage = el("p", { class: "stage-name", role: "status", tabindex: -1 });
    this.numbers = el("p", { class: "numbers" });
    /** Steps and time so far, without what is left. */
    this.spent = "";
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "Progress of the fit" });
    this.button = el("button", { type: "button", onclick: cancel }, "Cancel");
    this.errors = new LiveTable();
    this.fittedBefore = el("span", { hidden: true }, FITTED_BEFORE);
    this.heldOut = el("li", {}, el("strong", {}, "Held out"), HELD_OUT, this.fittedBefore);
    this.charts = el("div", { class: "chart-grid fit-charts" });
    /** Kept from fit to fit. @type {Map<string, ChartView>} */
    this.views = new Map();
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": "fit-progress-title", hidden: true },
      el("h2", { id: "fit-progress-title" }, "3. Fit"),
      el("div", { class: "stage fit-stage" }, this.stage, this.bar, this.numbers, this.button),
      this.errors.element,
      el(
        "ul",
        { class: "plain-words" },
        el("li", {}, el("strong", {}, "RMSE"), ", the root-mean-square error, is the typical size of a mistake; the largest is the worst single one."),
        this.heldOut,
        el("li", {}, el("strong", {}, "Parity"), " charts set each prediction against its label: the closer the points lie to the line, the better."),
      ),
      this.charts,
    );
  }

  /** @param {{ holdsOut: boolean, goesOn: boolean }} fit whether some are to be held out, and whether it starts from a given potential */
  begin({ holdsOut, goesOn }) {
    this.clear();
    this.heldOut.hidden = !holdsOut;
    this.fittedBefore.hidden = !goesOn;
    this.element.hidden = false;
    this.stage.textContent = "Checking units and distances";
    this.bar.removeAttribute("value");
    this.button.hidden = false;
    document.documentElement.dataset["fit"] = "running";
    this.element.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.hasResult = false;
    this.isEnding = false;
    this.button.textContent = "Cancel";
    this.element.hidden = true;
    this.numbers.textContent = "";
    this.spent = "";
    this.errors.clear();
    this.charts.replaceChildren();
    for (const view of this.views.values()) view.clear();
    delete document.documentElement.dataset["fit"];
  }

  /** @param {FitProgress} progress @param {number} elapsedMs */
  show(progress, elapsedMs) {
    const { stage, starts, iteration, fraction, point } = progress;
    const words = starts > 1 && stage < starts ? `Random start ${stage + 1} of ${starts}` : "Refining";
    if (this.stage.textContent !== words && !progress.end && !this.isEnding) this.stage.textContent = words;
    this.bar.value = fraction;
    this.spent = `step ${iteration} · ${duration(elapsedMs / 1000)}`;
    const left = fraction > 0.02 && !progress.end ? ` · about ${duration(((1 - fraction) / fraction) * (elapsedMs / 1000))} left` : "";
    this.numbers.textContent = this.spent + left;
    if (!point) return;
    this.hasResult = true;
    this.heldOut.hidden = !point.held_out;
    const sets = [{ name: "training", errors: point.training }, ...(point.held_out ? [{ name: "held out", errors: point.held_out }] : [])];
    this.errors.show("Errors at this step", ["", ...sets.flatMap(({ name }) => [`${name}: RMSE`, "largest"])], errorRows(sets));
  }

  /** @param {ChartSpec[]} charts */
  showCharts(charts) {
    for (const spec of charts) {
      let view = this.views.get(spec.title);
      if (!view) {
        view = new ChartView({ title: spec.title, large: true });
        this.views.set(spec.title, view);
      }
      if (!view.element.isConnected) this.charts.append(view.element);
      view.show(spec, summaryOf(spec));
    }
  }

  /** The fit ends by itself after its present work, which may be long: a second press ends it at once. */
  ending() {
    this.isEnding = true;
    this.button.textContent = "Stop now";
    this.stage.textContent = "Ending with the best so far";
  }

  /** @param {FitProgress} progress @param {boolean} cancelled @param {ChartSpec[] | undefined} charts of the potential, if there is one */
  finish(progress, cancelled, charts) {
    // The potential's errors are told below.
    this.errors.clear();
    if (charts) this.showCharts(charts);
    if (!charts) this.end("Cancelled before the first step was complete.");
    else if (cancelled) this.end("Cancelled: the best potential so far is below.");
    else this.end(`Finished: ${progress.end ? ENDS[progress.end] : ""}.`);
    this.bar.value = 1;
  }

  /** @param {string} words empty: hide all */
  end(words) {
    this.stage.textContent = words;
    this.numbers.textContent = this.spent;
    // The button that was pressed goes away.
    if (document.activeElement === this.button) this.stage.focus();
    this.button.hidden = true;
    this.bar.value = 0;
    if (words === "") this.element.hidden = true;
    document.documentElement.dataset["fit"] = words === "" ? "failed" : "finished";
  }
}

/** @param {ChartSpec} spec */
function summaryOf({ title, y, series }) {
  const last = series.filter(({ y: values }) => values.length > 0 && (title === "Loss" || title === "Learning curve"));
  if (last.length === 0) return `${title}: predictions against labels. On the line, both are equal.`;
  const unit = y.unit ? ` ${y.unit}` : "";
  return `${last.map(({ name, y: values }) => `${name} ${significant(values[values.length - 1] ?? NaN, 3)}${unit}`).join(", ")} now.`;
}
