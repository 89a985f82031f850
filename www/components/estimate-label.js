// An estimate as text: value, error bar and unit, and what to beware of.

import { el } from "./dom.js";
import { withError } from "./format.js";

/**
 * As the engine reports it.
 * @typedef {object} Estimate
 * @property {number} value
 * @property {number | null} [standard_error]
 * @property {string} unit
 * @property {number} independent_samples
 * @property {string[]} warnings
 */

/** @param {Estimate} estimate */
export function estimateText({ value, standard_error, unit }) {
  return valueText(value, standard_error, unit);
}

/**
 * A value with its error and unit; a unit that begins with a power of ten is a factor: "(1.52 ± 0.03) × 10⁻⁴ K⁻¹".
 * @param {number} value @param {number | null | undefined} error @param {string} unit
 */
export function valueText(value, error, unit) {
  const number = withError(value, error);
  if (!unit.startsWith("10")) return `${number} ${unit}`.trim();
  return `${number.includes("±") ? `(${number})` : number} × ${unit}`;
}

/**
 * A term and its estimate for a description list.
 * @param {string} label
 * @param {Estimate} estimate
 * @param {string} [beside] what to show for comparison
 * @returns {HTMLElement}
 */
export function estimateLabel(label, estimate, beside = "") {
  const value = el("dd", {}, el("span", { class: "estimate" }, estimateText(estimate)));
  if (beside) value.append(el("span", { class: "beside" }, beside));
  for (const warning of estimate.warnings ?? []) value.append(el("span", { class: "caution" }, warning));
  return el("div", { class: "estimate-row" }, el("dt", {}, label), value);
}
