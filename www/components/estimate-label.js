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
  return `${withError(value, standard_error)} ${unit}`.trim();
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
