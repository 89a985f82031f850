// Properties as files: with the settings that made them.

import { compare } from "./comparison.js";

/** @import { Measured, Property, ScanResults } from "../../engine/protocol.js" */

const HEADINGS = ["property", "of", "route", "value", "standard error", "unit", "independent samples", "experiment", "experiment uncertainty", "deviation (%)", "deviation (sigma)", "source", "settings", "warnings"];

/** @param {Property[]} properties @param {Measured[]} measured */
export function propertiesCsv(properties, measured) {
  return csv([HEADINGS, ...properties.map((property) => rowOf(property, measured))]);
}

/** Each property at each temperature, and those that follow from the change, whose temperature is empty. @param {ScanResults} scan */
export function scanCsv({ points, properties, measured }) {
  const at = (/** @type {number | string} */ kelvin, /** @type {Property[]} */ all, /** @type {Measured[]} */ known) =>
    all.map((property) => [kelvin, ...rowOf(property, known)]);
  const rows = points.flatMap((point) => at(point.temperature_k, point.results.properties ?? [], point.measured));
  return csv([["temperature (K)", ...HEADINGS], ...rows, ...at("", properties, measured)]);
}

/** @param {Property} property @param {Measured[]} measured */
function rowOf(property, measured) {
  const { name, of, route, estimate, settings, pending } = property;
  const comparison = compare(property, measured);
  const made = Object.entries(settings).map(([key, value]) => `${key}: ${value}`).join("; ");
  const warnings = [...(estimate?.warnings ?? []), ...(pending ? [pending] : [])].join(" ");
  return [
    name, of, route, estimate?.value, estimate?.standard_error, estimate?.unit, estimate?.independent_samples,
    comparison?.measured.value, comparison?.measured.uncertainty, comparison?.percent, comparison?.sigmas, comparison?.measured.source,
    made, warnings,
  ];
}

/** @param {unknown[][]} rows */
function csv(rows) {
  return `${rows.map((row) => row.map(field).join(",")).join("\n")}\n`;
}

/** @param {Property[]} properties @param {Measured[]} measured @param {object | undefined} spec */
export function propertiesJson(properties, measured, spec) {
  return `${JSON.stringify({ spec: spec ?? null, properties, measured }, null, 2)}\n`;
}

/** Quoted where a comma, a quote or a line end would break the row. @param {unknown} value */
function field(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
