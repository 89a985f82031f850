// A fit as it goes: how far it is, errors so far, loss and parity as live charts, and a way to end it.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { duration, significant } from "../../components/format.js";
import { LiveTable } from "../../components/live-table.js";
import { errorRows } from "./error-rows.js";

/** @import { FitPoint, FitProgress, FitResult, FitSpec } from "../../engine/fit-protocol.js" */
/** @import { ChartSpec } from "../../components/chart-view.js" */

const ENDS = {
  converged: "the loss falls no further",
  "held-out": "the held-out loss falls no further: more steps would follow noise",
  iterations: "all steps are used",
};

/** The charts' titles, in the order in which they stand. */
const CHARTS = ["Loss", "Learning curve", "Energy less that of the composition", "Force components", "Stress components"];
/** Until this much was seen to be done, or this much time has gone by, what is left can't be told. */
const [LEAST_DONE, LEAST_MS] = [0.02, 10_000];

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
    /** What the numbers say: steps so far, those there may be, the share of all passes that is done, and words on what is left. */
    this.now = { step: 0, steps: 0, done: 0, left: "" };
    /** Where the passes stood when they were first told of: what came before was preparation. @type {{ done: number, elapsedMs: number } | undefined} */
    this.first = undefined;
    this.begunAt = 0;
    this.clock = 0;
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

  /**
   * @param {FitSpec} spec
   * @param {{ goesOn: boolean, takesFocus: boolean }} options whether it starts from a given potential, and whether the button that was pressed goes away
   */
  begin(spec, { goesOn, takesFocus }) {
    this.clear();
    this.now.steps = stepsOf(spec);
    this.begunAt = performance.now();
    this.clock = window.setInterval(() => this.#showNumbers(), 1000);
    this.heldOut.hidden = spec.held_out === 0;
    this.fittedBefore.hidden = !goesOn;
    this.element.hidden = false;
    this.stage.textContent = "Checking units and distances";
    this.bar.removeAttribute("value");
    this.button.hidden = false;
    document.documentElement.dataset["fit"] = "running";
    if (takesFocus) this.stage.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  clear() {
    this.hasResult = false;
    this.isEnding = false;
    this.button.textContent = "Cancel";
    this.element.hidden = true;
    window.clearInterval(this.clock);
    this.numbers.textContent = "";
    this.now = { step: 0, steps: 0, done: 0, left: "" };
    this.first = undefined;
    this.errors.clear();
    this.charts.replaceChildren();
    for (const view of this.views.values()) view.clear();
    delete document.documentElement.dataset["fit"];
  }

  /** @param {FitProgress} progress @param {number} elapsedMs */
  show(progress, elapsedMs) {
    const { stage, starts, iteration, point } = progress;
    const words = starts > 1 && stage < starts ? `Random start ${stage + 1} of ${starts}` : "Refining";
    if (this.stage.textContent !== words && !progress.end && !this.isEnding) this.stage.textContent = words;
    // A pass that led to no step makes the way longer; the bar stands then.
    const done = Math.max(this.now.done, doneOf(progress, this.now.steps));
    this.first ??= { done, elapsedMs };
    const left = progress.end || this.isEnding ? "" : leftWords(1 - done, { done: done - this.first.done, elapsedMs: elapsedMs - this.first.elapsedMs });
    this.now = { ...this.now, step: iteration, done, left };
    this.bar.value = done;
    this.#showNumbers();
    if (!point) return;
    this.hasResult = true;
    this.heldOut.hidden = !point.held_out;
    const sets = [{ name: "training", errors: point.training }, ...(point.held_out ? [{ name: "held out", errors: point.held_out }] : [])];
    this.errors.show("Errors at this step", ["", ...sets.flatMap(({ name }) => [`${name}: RMSE`, "largest"])], errorRows(sets));
  }

  /** Time goes on between what the engine says. */
  #showNumbers() {
    const { step, left } = this.now;
    this.numbers.textContent = `step ${step} · ${duration((performance.now() - this.begunAt) / 1000)}${left}`;
  }

  /** @param {ChartSpec[]} charts @param {FitPoint} [kept] the step that was kept, once the fit is over */
  showCharts(charts, kept) {
    for (const spec of charts) {
      let view = this.views.get(spec.title);
      if (!view) {
        view = new ChartView({ title: spec.title, large: true });
        this.views.set(spec.title, view);
      }
      if (!view.element.isConnected) this.#place(view);
      view.show(spec, summaryOf(spec, kept));
    }
  }

  /** In the same order, whichever comes first. @param {ChartView} view */
  #place(view) {
    const later = CHARTS.slice(CHARTS.indexOf(view.title) + 1).map((title) => this.views.get(title)?.element);
    this.charts.insertBefore(view.element, later.find((element) => element?.isConnected) ?? null);
  }

  /** The fit ends by itself after its present work, which may be long: a second press ends it at once. */
  ending() {
    this.isEnding = true;
    this.button.textContent = "Stop now";
    this.now.left = "";
    this.#showNumbers();
    this.stage.textContent = "Ending with the best so far";
  }

  /** @param {FitProgress} progress @param {boolean} cancelled @param {FitResult | null} result */
  finish(progress, cancelled, result) {
    // The potential's errors are told below.
    this.errors.clear();
    if (result) this.showCharts(result.charts, keptOf(result.report.history));
    if (!result) this.end("Cancelled before the first step was complete.");
    else if (cancelled) this.end("Cancelled: the best potential so far is below.");
    else this.end(`Finished: ${progress.end ? ENDS[progress.end] : ""}.`);
    this.bar.value = 1;
  }

  /** @param {string} words empty: hide all */
  end(words) {
    this.stage.textContent = words;
    window.clearInterval(this.clock);
    this.now.left = "";
    this.#showNumbers();
    // The button that was pressed goes away.
    if (document.activeElement === this.button) this.stage.focus();
    this.button.hidden = true;
    this.bar.value = 0;
    if (words === "") this.element.hidden = true;
    document.documentElement.dataset["fit"] = words === "" ? "failed" : "finished";
  }
}

/** The most steps that a fit takes. @param {FitSpec} spec */
function stepsOf({ starts, start_iterations: ofStart, max_iterations: further }) {
  return (starts > 1 ? starts * ofStart : 0) + further;
}

/** The share of all passes that is done, if each further step takes one; those that led to no step come on top. @param {FitProgress} progress @param {number} steps */
function doneOf({ passes, pass_fraction: ofPass, fraction, end }, steps) {
  if (end) return 1;
  const stepless = Math.max(0, passes - fraction * steps);
  return Math.min(1, (passes + ofPass) / (steps + stepless));
}

/** The most that is left, since a fit may end before its last step. @param {number} toDo share @param {{ done: number, elapsedMs: number }} seen how fast it goes */
function leftWords(toDo, { done, elapsedMs }) {
  if (done === 0 || (done < LEAST_DONE && elapsedMs < LEAST_MS)) return "";
  return ` · at most ${duration((toDo / done) * (elapsedMs / 1000))} left`;
}

/** The step whose potential a fit leads to, chosen as the engine does: by the held-out loss, or else by what steps make smaller. @param {FitPoint[]} history */
function keptOf(history) {
  const quality = (/** @type {FitPoint} */ { loss, penalty, held_out_loss: heldOut }) => heldOut ?? loss + penalty;
  return history.reduce((/** @type {FitPoint | undefined} */ best, point) => (best && quality(best) <= quality(point) ? best : point), undefined);
}

/** What a curve over the fit shows of a step. @type {Record<string, (point: FitPoint) => { training: number, heldOut: number | undefined }>} */
const SHOWN = {
  Loss: ({ loss, held_out_loss: heldOut }) => ({ training: loss, heldOut: heldOut ?? undefined }),
  "Learning curve": ({ training, held_out: heldOut }) => ({ training: 1e3 * training.force_component.rms, heldOut: heldOut ? 1e3 * heldOut.force_component.rms : undefined }),
};

/** @param {ChartSpec} spec @param {FitPoint} [kept] */
function summaryOf(spec, kept) {
  const { title, y, series } = spec;
  const shown = SHOWN[title];
  if (!shown) return `${title}: predictions against labels. On the line, both are equal.`;
  const words = (/** @type {string} */ name, /** @type {number} */ value) => `${name} ${significant(value, 3)}`;
  const unit = y.unit ? ` ${y.unit}` : "";
  if (kept) {
    const { training, heldOut } = shown(kept);
    return `Kept: ${words("training", training)}${heldOut === undefined ? "" : `, ${words("held out", heldOut)}`}${unit}.`;
  }
  return `${series.filter(({ y: values }) => values.length > 0).map(({ name, y: values }) => words(name, values[values.length - 1] ?? NaN)).join(", ")}${unit} now.`;
}
