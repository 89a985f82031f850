// Properties as files: with the settings that made them.

import { compare } from "./comparison.js";

/** @import { Measured, Property } from "../../engine/protocol.js" */

const HEADINGS = ["property", "of", "route", "value", "standard error", "unit", "independent samples", "experiment", "experiment uncertainty", "deviation (%)", "deviation (sigma)", "source", "settings", "warnings"];

/** @param {Property[]} properties @param {Measured[]} measured */
export function propertiesCsv(properties, measured) {
  const rows = properties.map((property) => {
    const { name, of, route, estimate, settings, pending } = property;
    const comparison = compare(property, measured);
    const made = Object.entries(settings).map(([key, value]) => `${key}: ${value}`).join("; ");
    const warnings = [...(estimate?.warnings ?? []), ...(pending ? [pending] : [])].join(" ");
    return [
      name, of, route, estimate?.value, estimate?.standard_error, estimate?.unit, estimate?.independent_samples,
      comparison?.measured.value, comparison?.measured.uncertainty, comparison?.percent, comparison?.sigmas, comparison?.measured.source,
      made, warnings,
    ];
  });
  return `${[HEADINGS, ...rows].map((row) => row.map(field).join(",")).join("\n")}\n`;
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
