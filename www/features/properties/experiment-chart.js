// A computed property as a point beside the experiment's line over temperature.

/** @import { ChartSpec } from "../../components/chart-view.js" */
/** @import { Estimate } from "../../components/estimate-label.js" */
/** @import { Measured } from "../../engine/protocol.js" */

/**
 * Both over temperature; what was measured at one temperature only has no line.
 * @param {string} name of the property @param {Estimate} estimate @param {Measured} measured @param {number} kelvin
 * @returns {ChartSpec}
 */
export function experimentChart(name, estimate, measured, kelvin) {
  const isLine = (measured.line?.length ?? 0) > 0;
  const points = isLine ? (measured.line ?? []) : [[kelvin, measured.value]];
  const x = points.map(([temperature]) => temperature ?? NaN);
  const y = points.map(([, value]) => value ?? NaN);
  const relative = measured.uncertainty ? measured.uncertainty / Math.abs(measured.value) : null;
  return {
    title: `${name}: experiment and this run`,
    x: { label: "temperature", unit: "K" },
    y: { label: name, unit: measured.unit },
    series: [
      { name: "experiment", x, y, error: relative === null ? null : y.map((value) => relative * Math.abs(value)), style: isLine ? "line" : "points" },
      { name: "this run", x: [kelvin], y: [estimate.value], error: [estimate.standard_error ?? null], style: "points" },
    ],
  };
}
