// What a run does where its potential extrapolates. Only a potential with an active set has grades.

import { el } from "../../components/dom.js";
import { NumberField } from "../../components/number-field.js";
import { LIMITS } from "../extrapolation/limits.js";

/** @import { RunSpec } from "../../engine/protocol.js" */

/** How files with an active set mark it. */
const MARK = "#MVS_v";
const [LOWEST, HIGHEST] = [0.01, 1e6];

export class ExtrapolationFields {
  /** @param {RunSpec["extrapolation"]} given @param {boolean} hasActiveSet */
  constructor(given, hasActiveSet) {
    this.given = given;
    const { every, warn, stop, keep_above: keep } = { ...LIMITS, ...given };
    const grade = (/** @type {Omit<import("../../components/number-field.js").NumberFieldOptions, "min" | "max">} */ options) => new NumberField({ min: LOWEST, max: HIGHEST, ...options });
    this.warn = grade({ name: "warn-above", label: "Warn above grade", value: warn, hint: "Up to 1 the potential interpolates; above 2 it extrapolates." });
    this.stop = grade({ name: "stop-above", label: "Stop above grade", value: stop, hint: "Above 10 forces can’t be trusted.", beside: (found) => this.#besideWarning(found) });
    this.keep = grade({ name: "keep-above", label: "Keep configurations above grade", value: keep, hint: "To be labelled: what the potential learns most from." });
    this.every = new NumberField({ name: "grade-every", label: "Steps between two grades", min: 1, max: 1e6, value: every, integer: true, hint: "A grade costs about as much as a step." });
    this.fields = [this.warn, this.stop, this.keep, this.every];
    // Which of the two is wrong depends on both.
    this.warn.input.addEventListener("input", () => this.stop.check());
    this.element = el("details", {}, el("summary", {}, "Extrapolation"), ...this.fields.map(({ element }) => element));
    this.setActive(hasActiveSet);
  }

  /** @param {boolean} hasActiveSet whether the potential has one */
  setActive(hasActiveSet) {
    this.isActive = hasActiveSet;
    this.element.hidden = !hasActiveSet;
  }

  /** What the specification says. @returns {RunSpec["extrapolation"]} */
  get value() {
    if (!this.isActive) return this.given;
    return { ...this.given, every: this.every.value, warn: this.warn.value, stop: this.stop.value, keep_above: this.keep.value };
  }

  /** Shows what is wrong: out of sight it could not be mended. */
  reveal() {
    if (this.fields.some(({ error }) => !error.hidden)) this.element.open = true;
  }

  /** @param {number} found */
  #besideWarning(found) {
    const { value } = this.warn;
    return found <= value ? `a number above ${value}, the grade at which the run warns` : "";
  }
}

/** Whether a potential's file holds an active set. @param {Uint8Array} bytes */
export function hasActiveSet(bytes) {
  return new TextDecoder("latin1").decode(bytes).includes(`\n${MARK}`);
}
