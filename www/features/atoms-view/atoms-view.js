// The 3D view with what belongs to it: legend, species toggles, buttons, and a description in words and numbers.

import { el, table } from "../../components/dom.js";
import { count, significant } from "../../components/format.js";
import { elementStyle } from "./elements.js";
import { GRADE_COLORS } from "./grades.js";
import { AtomsViewer } from "./viewer.js";

/** @import { Atoms } from "../../engine/protocol.js" */

/** Rows of the table of positions: enough to see what it is; all of them are in the downloads. */
const POSITION_ROWS = 50;

export class AtomsView {
  constructor() {
    this.canvas = el("canvas", { class: "atoms-canvas", tabindex: 0, role: "application", "aria-label": "Atoms in 3D. No run yet." });
    this.stage = el("div", { class: "atoms-stage" }, this.canvas);
    this.legend = el("fieldset", { class: "legend-row" });
    this.byGrade = el("input", { type: "checkbox", onchange: () => this.#colour() });
    this.gradeLegend = el(
      "p",
      { class: "grade-legend" },
      ...GRADE_COLORS.map(({ color, label }) => {
        const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.backgroundColor = color;
        return el("span", {}, swatch, label);
      }),
    );
    this.gradeRow = el("div", { class: "legend-row", hidden: true }, el("label", {}, this.byGrade, "Colour by extrapolation grade"), this.gradeLegend);
    this.summary = el("p", { class: "quiet-text" });
    this.details = el("details", { ontoggle: () => this.#describe() }, el("summary", {}, "Positions as numbers"));
    this.element = el(
      "section",
      { class: "card atoms-card", "aria-label": "Atoms" },
      this.stage,
      el(
        "div",
        { class: "atoms-foot" },
        this.legend,
        this.gradeRow,
        this.summary,
        el("p", { class: "field-hint" }, "Drag to turn, pinch to zoom; or click the view and use the wheel, the arrow keys, + and −, Home."),
        this.details,
      ),
    );
    /** @type {AtomsViewer | undefined} */
    this.viewer = undefined;
    /** @type {Atoms | undefined} */
    this.atoms = undefined;
    /** @type {Float32Array} */
    this.positions = new Float32Array(0);
    /** @type {Float64Array} */
    this.cell = new Float64Array(9);
    try {
      this.viewer = new AtomsViewer(this.canvas);
      this.stage.append(this.#buttons(this.viewer));
    } catch {
      this.stage.replaceChildren(el("p", { class: "stage-fallback" }, "This browser shows no WebGL 2, so the atoms can’t be drawn; the run and its charts work all the same."));
    }
  }

  /** @param {Atoms} atoms */
  setAtoms(atoms) {
    this.atoms = atoms;
    const styles = atoms.species.map((name, index) => elementStyle(name, index));
    this.viewer?.setAtoms(atoms.types, styles);
    const counts = atoms.species.map((_, species) => atoms.types.reduce((sum, type) => sum + (type === species ? 1 : 0), 0));
    this.legend.replaceChildren(
      el("legend", { class: "visually-hidden" }, "Species to show"),
      ...atoms.species.map((name, species) => {
        const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.backgroundColor = styles[species]?.color ?? "";
        const box = el("input", { type: "checkbox", checked: true, onchange: () => this.viewer?.setShown(species, box.checked) });
        return el("label", {}, box, swatch, `${name} (${count(counts[species] ?? 0)})`);
      }),
    );
    const parts = atoms.species.map((name, species) => `${count(counts[species] ?? 0)} ${name}`).join(", ");
    this.gradeRow.hidden = true;
    this.byGrade.checked = false;
    this.#colour();
    this.canvas.setAttribute("aria-label", `3D view of ${count(atoms.types.length)} atoms: ${parts}. Arrow keys turn it, plus and minus zoom, Home resets.`);
  }

  /** @param {Float32Array} positions @param {Float64Array} cell @param {Float32Array} [grades] of extrapolation, where there are any */
  setFrame(positions, cell, grades) {
    if (grades) {
      this.gradeRow.hidden = false;
      this.viewer?.setGrades(grades);
    }
    this.positions = positions;
    this.cell = cell;
    this.viewer?.setFrame(positions, cell);
    const lengths = [0, 3, 6].map((row) => Math.hypot(cell[row] ?? 0, cell[row + 1] ?? 0, cell[row + 2] ?? 0));
    const text = `Cell ${lengths.map((length) => significant(length, 4)).join(" × ")} Å`;
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }

  /** Other configurations of the same atoms come: their grades are not known yet. */
  forgetGrades() {
    this.viewer?.setGrades(new Float32Array(this.atoms?.types.length ?? 0).fill(1));
  }

  /** Called when the page's theme changed. */
  themeChanged() {
    this.viewer?.setColors();
  }

  dispose() {
    this.viewer?.dispose();
  }

  #colour() {
    this.gradeLegend.hidden = !this.byGrade.checked;
    this.viewer?.colourByGrade(this.byGrade.checked);
  }

  #describe() {
    this.details.querySelector(".numbers-part")?.remove();
    if (!this.details.open || !this.atoms) return;
    const { species, types } = this.atoms;
    const at = (/** @type {ArrayLike<number>} */ values, /** @type {number} */ index) => significant(values[index] ?? NaN, 5);
    const triple = (/** @type {ArrayLike<number>} */ values, /** @type {number} */ row) => [0, 1, 2].map((axis) => at(values, 3 * row + axis));
    const rows = Array.from({ length: Math.min(POSITION_ROWS, types.length) }, (_, atom) => [
      atom + 1,
      species[types[atom] ?? 0] ?? "",
      ...triple(this.positions, atom),
    ]);
    this.details.append(
      el(
        "div",
        { class: "numbers-part" },
        table("Cell vectors, Å", ["vector", "x", "y", "z"], ["a", "b", "c"].map((name, row) => [name, ...triple(this.cell, row)])),
        table(`Positions of the first ${rows.length} atoms when this was opened, Å`, ["atom", "species", "x", "y", "z"], rows),
      ),
    );
  }

  /** @param {AtomsViewer} viewer */
  #buttons({ orbit }) {
    const button = (/** @type {string} */ label, /** @type {string} */ sign, /** @type {() => void} */ act) =>
      el("button", { type: "button", class: "small", "aria-label": label, title: label, onclick: act }, sign);
    return el(
      "div",
      { class: "view-buttons" },
      button("Turn left", "↶", () => orbit.rotate(0.3, 0)),
      button("Turn right", "↷", () => orbit.rotate(-0.3, 0)),
      button("Zoom in", "+", () => orbit.zoom(1.2)),
      button("Zoom out", "−", () => orbit.zoom(1 / 1.2)),
      button("Reset the view", "⌂", () => orbit.reset()),
    );
  }
}
