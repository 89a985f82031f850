// A fit as it goes: how far it is, errors so far, loss and parity as live charts, and a way to end it.

import { ChartView } from "../../components/chart-view.js";
import { el, table } from "../../components/dom.js";
import { duration, significant } from "../../components/format.js";
import { errorRows } from "./error-rows.js";

/** @import { FitProgress } from "../../engine/fit-protocol.js" */
/** @import { ChartSpec } from "../../components/chart-view.js" */

const ENDS = {
  converged: "the loss falls no further",
  "held-out": "the held-out loss falls no further: more steps would follow noise",
  iterations: "all steps are used",
};

export class ProgressPanel {
  /** @param {() => void} cancel */
  constructor(cancel) {
    this.hasResult = false;
    this.stage = el("p", { class: "stage-name", role: "status" });
    this.numbers = el("p", { class: "numbers" });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": "Progress of the fit" });
    this.button = el("button", { type: "button", onclick: cancel }, "Cancel");
    this.errors = el("div", {});
    this.charts = el("div", { class: "chart-grid fit-charts" });
    /** @type {Map<string, ChartView>} */
    this.views = new Map();
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": "fit-progress-title", hidden: true },
      el("h2", { id: "fit-progress-title" }, "3. Fit"),
      el("div", { class: "stage fit-stage" }, this.stage, this.bar, this.numbers, this.button),
      this.errors,
      el(
        "ul",
        { class: "plain-words" },
        el("li", {}, el("strong", {}, "RMSE"), ", the root-mean-square error, is the typical size of a mistake; the largest is the worst single one."),
        el("li", {}, el("strong", {}, "Held out"), " are configurations that the fit never saw: their errors say how well the potential predicts."),
        el("li", {}, el("strong", {}, "Parity"), " charts set each prediction against its label: the closer the points lie to the line, the better."),
      ),
      this.charts,
    );
  }

  begin() {
    this.clear();
    this.element.hidden = false;
    this.stage.textContent = "Checking units and distances";
    this.bar.removeAttribute("value");
    this.button.hidden = false;
    this.button.disabled = false;
    document.documentElement.dataset["fit"] = "running";
    this.element.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.hasResult = false;
    this.element.hidden = true;
    this.numbers.textContent = "";
    this.errors.replaceChildren();
    this.charts.replaceChildren();
    this.views.clear();
    delete document.documentElement.dataset["fit"];
  }

  /** @param {FitProgress} progress @param {number} elapsedMs */
  show(progress, elapsedMs) {
    const { stage, starts, iteration, fraction, point } = progress;
    const words = starts > 1 && stage < starts ? `Random start ${stage + 1} of ${starts}` : "Refining";
    if (this.stage.textContent !== words && !progress.end) this.stage.textContent = words;
    this.bar.value = fraction;
    const parts = [`step ${iteration}`, duration(elapsedMs / 1000)];
    if (fraction > 0.02 && !progress.end) parts.push(`at most ${duration(((1 - fraction) / fraction) * (elapsedMs / 1000))} left`);
    this.numbers.textContent = parts.join(" · ");
    if (!point) return;
    this.hasResult = true;
    const sets = [{ name: "training", errors: point.training }, ...(point.held_out ? [{ name: "held out", errors: point.held_out }] : [])];
    this.errors.replaceChildren(table("Errors at this step", ["", ...sets.flatMap(({ name }) => [`${name}: RMSE`, "largest"])], errorRows(sets)));
  }

  /** @param {ChartSpec[]} charts */
  showCharts(charts) {
    for (const spec of charts) {
      let view = this.views.get(spec.title);
      if (!view) {
        view = new ChartView({ title: spec.title, large: true });
        this.views.set(spec.title, view);
        this.charts.append(view.element);
      }
      view.show(spec, summaryOf(spec));
    }
  }

  cancelling() {
    this.button.disabled = true;
    this.stage.textContent = "Ending with the best so far";
  }

  /** @param {FitProgress} progress @param {boolean} cancelled @param {ChartSpec[] | undefined} charts of the potential, if there is one */
  finish(progress, cancelled, charts) {
    // The potential's errors are told below.
    this.errors.replaceChildren();
    if (charts) this.showCharts(charts);
    if (!charts) this.end("Cancelled before the first step was complete.");
    else if (cancelled) this.end("Cancelled: the best potential so far is below.");
    else this.end(`Finished: ${progress.end ? ENDS[progress.end] : ""}.`);
    this.bar.value = 1;
  }

  /** @param {string} words empty: hide all */
  end(words) {
    this.button.hidden = true;
    this.stage.textContent = words;
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
