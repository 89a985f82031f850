// What to fit and how: the form of the potential, the weights, the split, the seed.

import { el } from "../../components/dom.js";
import { FileDrop } from "../../components/file-drop.js";
import { count } from "../../components/format.js";
import { NumberField } from "../../components/number-field.js";
import { selectField, threadsField } from "../../components/select-field.js";

/** @import { DataFile, FitSpec, PotentialForm } from "../../engine/fit-protocol.js" */

/** What each level is for. */
const LEVELS = {
  2: "2: the least there is",
  4: "4: a first look, in seconds",
  6: "6",
  8: "8: rough",
  10: "10",
  12: "12: good for many salts and metals",
  14: "14",
  16: "16: accurate; several times slower to fit and run",
  18: "18",
  20: "20: very accurate, slow, needs many configurations",
  22: "22: for hours, and thousands of configurations",
  24: "24",
  26: "26",
  28: "28: the most; may need more memory than a page has",
};
const WEIGHTINGS = {
  vibrations: "Vibrations: every atom counts once",
  molecules: "Molecules: total energies count",
  structures: "Structures: every configuration counts once",
};
const WAITING = "Fit waits for data that can be used.";
const WAITING_FOR_POTENTIAL = "Fit waits for a potential to start from that can be read, or for none.";
/** Random starts of a new potential; from one that is given, the fit just goes on. */
const [STARTS, STARTS_GIVEN] = [3, 1];
/** Steps of each start before the best is chosen. */
const STEPS_A_START = 6;

export class FitForm {
  /** @param {{ threadsAvailable: number, fit: () => void, templateChanged: () => void }} options */
  constructor({ threadsAvailable, fit, templateChanged }) {
    this.level = selectField("Level", LEVELS, "12", "How rich the potential is: each step of two nearly doubles its terms, and slows it as much.");
    this.level.input.name = "level";
    this.weighting = selectField("Weighting", WEIGHTINGS, "vibrations", "How energies, forces and stresses count in configurations of different size.");
    this.weighting.input.name = "weighting";
    this.templateDrop = new FileDrop({
      label: "Start from a potential (.mtp or .almtp)",
      hint: "Optional: it brings its own form. One that was fitted already goes on from there; its species are named above only where its file does not tell them.",
      accept: ".mtp,.almtp,.als",
      expected: "a potential (.mtp or .almtp)",
      changed: () => {
        this.#templateChanged();
        templateChanged();
      },
    });
    const field = (/** @type {import("../../components/number-field.js").NumberFieldOptions} */ options) => new NumberField(options);
    this.fields = {
      cutoff: field({ name: "cutoff", label: "Cutoff", unit: "Å", min: 3, max: 10, value: 6, hint: "Atoms further apart do not feel each other. Farther is slower." }),
      basis: field({ name: "basis-size", label: "Radial basis functions", min: 3, max: 16, value: 8, integer: true, hint: "How finely the potential resolves distances." }),
      energy: field({ name: "energy-weight", label: "Weight of energies", min: 0, max: 1e6, value: 1 }),
      force: field({ name: "force-weight", label: "Weight of forces", unit: "Å²", min: 0, max: 1e6, value: 0.01 }),
      stress: field({ name: "stress-weight", label: "Weight of stresses", min: 0, max: 1e6, value: 0.001, hint: "Stresses decide the density." }),
      scaling: field({ name: "force-scaling", label: "Force scaling", unit: "eV²/Å²", min: 1e-6, max: 1e6, value: undefined, optional: true, hint: "With e here, a force F counts by e/(F² + e): large ones less. Left empty, all count alike." }),
      penalty: field({ name: "penalty", label: "Penalty on radial functions", min: 0, max: 1e6, value: 0, hint: "Holds their size, which energies leave open." }),
      heldOut: field({ name: "held-out", label: "Held out", unit: "%", min: 0, max: 50, value: 10, hint: "Not fitted to, but the step that does best on them is kept: their errors are slightly too good." }),
      starts: field({ name: "starts", label: "Random starts", min: 1, max: 20, value: STARTS, integer: true, hint: "The best of them goes on." }),
      steps: field({ name: "steps", label: "Most steps", min: 1, max: 2000, value: 200, integer: true, hint: "It ends earlier when it gains nothing more." }),
      seed: field({ name: "fit-seed", label: "Seed", min: 0, max: 2 ** 31, value: 1, integer: true, hint: "The same seed gives the same potential." }),
    };
    this.threadsField = threadsField(threadsAvailable);
    this.button = el("button", { type: "submit", class: "primary", disabled: true }, "Fit");
    this.hint = el("p", { class: "quiet-text" }, WAITING);
    const group = (/** @type {string} */ title, /** @type {Node[]} */ ...children) => el("fieldset", {}, el("legend", {}, title), ...children);
    const { cutoff, basis, energy, force, stress, scaling, penalty, heldOut, starts, steps, seed } = this.fields;
    this.element = el(
      "form",
      { class: "fit-form", novalidate: true, "aria-labelledby": "fit-form-title" },
      el("h2", { id: "fit-form-title" }, "2. Potential"),
      el(
        "div",
        { class: "fit-choices" },
        group("Form", this.level.element, cutoff.element, basis.element, this.templateDrop.element),
        group(
          "What counts",
          energy.element,
          force.element,
          stress.element,
          el("p", { class: "field-hint" }, "Relative to each other; twice the weight pulls the error down at the cost of the others."),
          el("details", {}, el("summary", {}, "Weighting and penalty"), this.weighting.element, scaling.element, penalty.element),
        ),
        group("How", heldOut.element, starts.element, el("details", {}, el("summary", {}, "More"), steps.element, seed.element, this.threadsField.element)),
      ),
      el("div", { class: "fit-actions" }, this.button, this.hint),
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.button.disabled) fit();
    });
    this.ready = false;
    this.busy = false;
  }

  get threads() {
    return Number(this.threadsField.input.value);
  }

  /** The potential to start from, in place of a new one. @returns {DataFile | undefined} */
  get template() {
    return this.templateDrop.file ?? undefined;
  }

  /** @returns {PotentialForm} */
  get potential() {
    return { level: Number(this.level.input.value), cutoff: this.fields.cutoff.value, basis_size: this.fields.basis.value };
  }

  /** @returns {FitSpec} */
  get spec() {
    const { energy, force, stress, scaling, penalty, heldOut, starts, steps, seed } = this.fields;
    return {
      weights: {
        energy: energy.value,
        force: force.value,
        stress: stress.value,
        weighting: this.weighting.input.value,
        force_scaling: scaling.isEmpty ? null : scaling.value,
        penalty: penalty.value,
      },
      seed: seed.value,
      starts: starts.value,
      start_iterations: STEPS_A_START,
      max_iterations: steps.value,
      held_out: heldOut.value / 100,
    };
  }

  /** @param {boolean} goesOn whether with a fitted potential, which brings its own form @returns {boolean} whether all numbers can be used */
  check(goesOn = false) {
    const { cutoff, basis, ...always } = this.fields;
    const counted = this.template || goesOn ? Object.values(always) : Object.values(this.fields);
    const faulty = counted.filter((field) => !field.check());
    const input = faulty[0]?.input;
    const details = input?.closest("details");
    if (details) details.open = true;
    input?.focus();
    if (faulty.length > 0) return false;
    return goesOn || this.#checkTemplate();
  }

  /** A potential that was given but not taken shall not be passed over. */
  #checkTemplate() {
    const { fault, input } = this.templateDrop;
    if (fault === "") return true;
    this.templateDrop.showError(fault);
    input.focus();
    return false;
  }

  /** The potential to start from can't be used; `undefined`: it can. @param {{ message: string, hint?: string | null }} [error] */
  showTemplateError(error) {
    this.templateDrop.showError([error?.message, error?.hint].filter((part) => part).join(" "));
    if (error) this.hint.textContent = WAITING_FOR_POTENTIAL;
  }

  /** What a given potential brings is not asked for. */
  #templateChanged() {
    const isGiven = this.template !== undefined;
    for (const { element } of [this.level, this.fields.cutoff, this.fields.basis]) element.hidden = isGiven;
    this.fields.starts.input.value = String(isGiven ? STARTS_GIVEN : STARTS);
  }

  /** @param {boolean} ready whether there are data to fit to @param {number} [equations] that they give */
  setReady(ready, equations = 0) {
    this.ready = ready;
    this.hint.textContent = ready ? `${count(equations)} energies, force and stress components in the data.` : WAITING;
    this.#update();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy;
    this.#update();
  }

  #update() {
    this.button.disabled = !this.ready || this.busy;
  }
}
