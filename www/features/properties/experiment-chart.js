// A computed property as a point beside the experiment's line over temperature.

/** @import { ChartSpec } from "../../components/chart-view.js" */
/** @import { Estimate } from "../../components/estimate-label.js" */
/** @import { Measured, MeasuredLaw } from "../../engine/protocol.js" */

/** Points of the line. */
const POINTS = 41;
/** Numbers that differ by less are the same. */
const ROUNDING = 1e-9;

/**
 * Both over temperature; of a value between measured compositions, or from a slope, there is no line.
 * @param {string} name of the property @param {Estimate} estimate @param {Measured} measured @param {MeasuredLaw[]} laws @param {number} kelvin
 * @returns {ChartSpec}
 */
export function experimentChart(name, estimate, measured, laws, kelvin) {
  const known = lawBehind(measured, laws, kelvin);
  const x = known ? evenly(known.temperature_k) : [kelvin];
  const y = known ? x.map((T) => valueAt(known.law, T)) : [measured.value];
  const relative = measured.uncertainty ? measured.uncertainty / Math.abs(measured.value) : null;
  return {
    title: `${name}: experiment and this run`,
    x: { label: "temperature", unit: "K" },
    y: { label: name, unit: measured.unit },
    series: [
      { name: "experiment", x, y, error: relative === null ? null : y.map((value) => relative * Math.abs(value)), style: known ? "line" : "points" },
      { name: "this run", x: [kelvin], y: [estimate.value], error: [estimate.standard_error ?? null], style: "points" },
    ],
  };
}

/**
 * The law that gives the measured value.
 * @param {Measured} measured @param {MeasuredLaw[]} laws @param {number} kelvin
 */
function lawBehind({ id, unit, value }, laws, kelvin) {
  return laws.find((known) => known.property === id && known.unit === unit && Math.abs(valueAt(known.law, kelvin) - value) <= ROUNDING * Math.abs(value));
}

/** As `Law::at` of the engine. @param {MeasuredLaw["law"]} law @param {number} kelvin */
function valueAt(law, kelvin) {
  if (law.constant !== undefined) return law.constant;
  if (law.linear) return law.linear[0] + law.linear[1] * kelvin;
  return law.arrhenius ? law.arrhenius[0] * Math.exp(law.arrhenius[1] / (8.314 * kelvin)) : NaN;
}

/** @param {[number, number]} range */
function evenly([low, high]) {
  return Array.from({ length: POINTS }, (_, k) => low + ((high - low) * k) / (POINTS - 1));
}
