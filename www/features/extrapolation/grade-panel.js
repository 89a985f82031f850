// How far the run leaves what its potential was trained on: the grade as it comes, and the configurations kept for labelling.
// Shown only where the potential has an active set.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { explain } from "../../components/explain.js";
import { count, significant } from "../../components/format.js";
import { LIMITS } from "./limits.js";

/** @import { GivenFile } from "../../components/file-drop.js" */
/** @import { EngineError, Progress, RunSpec, Series, Written } from "../../engine/protocol.js" */

export class GradePanel {
  /**
   * @param {(what: Written, file: string) => Promise<string>} write the text of a file of that name
   * @param {(file: GivenFile) => void} label takes configurations to be labelled
   */
  constructor(write, label) {
    this.write = write;
    this.limits = LIMITS;
    this.name = "run";
    this.chart = new ChartView({ title: "Extrapolation grade", large: true });
    this.warning = el("p", { class: "quiet-text", role: "status" });
    this.button = el("button", { type: "button", class: "small", onclick: () => this.#save() }, "Kept configurations, extended XYZ");
    this.labelButton = el("button", { type: "button", class: "small", onclick: () => void this.#label(label) }, "Label them");
    this.element = el(
      "section",
      { class: "card panel grade-panel", "aria-labelledby": "grade-title", hidden: true },
      el("h2", { id: "grade-title" }, "Trust: how far the potential extrapolates"),
      this.warning,
      this.chart.element,
      el("div", { class: "export-row" }, this.button, this.labelButton),
      explain(
        "A machine-learned potential knows the surroundings of atoms that it was trained on. The grade says how far the farthest atom’s surroundings lie outside of them: up to 1 the potential interpolates, above 2 it extrapolates, above 10 its forces can’t be trusted. The run warns and stops there, or where the set-up says.",
        "Configurations with a high grade are kept. Labelled by density-functional theory and added to the training set, they are what the potential learns most from.",
      ),
    );
  }

  /** A new run begins. @param {RunSpec} spec @param {string} name of its files */
  begin(spec, name) {
    this.limits = { ...LIMITS, ...spec.extrapolation };
    this.name = name;
    this.element.hidden = true;
    this.chart.clear();
  }

  /** @param {Progress} progress */
  showProgress({ grade, largest_grade: largest, kept_configurations: kept = 0 }) {
    this.#showKept(kept);
    if (grade == null || largest == null) return;
    this.element.hidden = false;
    const beyond = largest > this.limits.warn;
    const words = beyond
      ? `The potential extrapolated: grades up to ${significant(largest, 3)}. Averages that include such stretches are less certain than their error bars say.`
      : `The potential knows what it meets: no grade above ${significant(Math.max(largest, 0), 3)}.`;
    if (this.warning.textContent !== words) this.warning.textContent = words;
    this.warning.classList.toggle("notice", beyond);
  }

  /** Those of earlier temperatures are there before the present one has a grade. @param {number} kept */
  #showKept(kept) {
    if (kept > 0) this.element.hidden = false;
    this.button.disabled = kept === 0;
    this.labelButton.hidden = kept === 0;
    const label = kept === 0 ? "No configurations kept" : `${count(kept)} kept configurations, extended XYZ`;
    if (this.button.textContent !== label) this.button.textContent = label;
  }

  /** @param {Record<string, Series>} series */
  showSeries({ grade }) {
    if (!grade || grade.x.length === 0) return;
    const ends = [grade.x[0] ?? 0, grade.x[grade.x.length - 1] ?? 0];
    const last = grade.y[grade.y.length - 1] ?? NaN;
    let largest = 0;
    for (const value of grade.y) largest = Math.max(largest, value);
    const line = (/** @type {string} */ name, /** @type {number} */ at) => ({ name, x: ends, y: [at, at] });
    this.chart.show(
      {
        title: "Extrapolation grade",
        x: { label: "time", unit: "ps" },
        y: { label: "grade", unit: "" },
        series: [
          { name: "largest of all atoms", x: grade.x, y: grade.y },
          line(`extrapolates above ${this.limits.warn}`, this.limits.warn),
          // Drawn once it matters: it would press the rest to the bottom.
          ...(largest > this.limits.stop / 2 ? [line(`stops above ${this.limits.stop}`, this.limits.stop)] : []),
        ],
      },
      `${significant(last, 3)} now, at most ${significant(largest, 3)}.`,
    );
  }

  async #save() {
    const text = await this.#kept();
    if (text !== undefined) download(`${this.name}-kept.extxyz`, text, "text/plain");
  }

  /** @param {(file: GivenFile) => void} label */
  async #label(label) {
    const text = await this.#kept();
    if (text !== undefined) label({ name: `${this.name}-kept.extxyz`, bytes: new TextEncoder().encode(text) });
  }

  /** @returns {Promise<string | undefined>} */
  async #kept() {
    try {
      return await this.write("kept", "kept.extxyz");
    } catch (error) {
      this.warning.textContent = `The file could not be written: ${/** @type {EngineError} */ (error).message}`;
      return undefined;
    }
  }
}
