// What follows from runs at several temperatures: slopes and activation energies, and every property over temperature.

import { el } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { estimateText } from "../../components/estimate-label.js";
import { explain } from "../../components/explain.js";
import { kelvin, withSubscripts } from "../../components/format.js";
import { LiveTable } from "../../components/live-table.js";
import { scanCsv } from "../properties/export.js";
import { PropertiesTable } from "../properties/properties-table.js";

/** @import { Property, RunSpec, ScanPoint, ScanResults } from "../../engine/protocol.js" */

export class ScanPanel {
  constructor() {
    /** @type {RunSpec | undefined} */
    this.spec = undefined;
    /** @type {ScanResults} */
    this.scan = { points: [], properties: [], measured: [] };
    this.state = el("p", { class: "quiet-text" });
    this.changes = new PropertiesTable("What follows from the change with temperature, each with its error and the measured value");
    this.values = new LiveTable({ rowHeadings: true });
    this.buttons = el(
      "div",
      { class: "export-row", hidden: true },
      el("button", { type: "button", class: "small", onclick: () => download("scan.csv", scanCsv(this.scan), "text/csv") }, "Scan, CSV"),
      el("button", { type: "button", class: "small", onclick: () => download("scan.json", this.#json(), "application/json") }, "Scan, JSON"),
    );
    this.all = el("details", { hidden: true }, el("summary", {}, "Every property at each temperature"), this.values.element);
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": "scan-title", hidden: true },
      el("h2", { id: "scan-title" }, "Change with temperature"),
      this.state,
      this.changes.element,
      this.all,
      this.buttons,
      explain(
        "The same liquid is made and measured at each temperature in turn; a line through the points says how a property changes.",
        "What atoms do by climbing over barriers, such as diffusing, follows Arrhenius’ law: the logarithm over 1/T is a line, and its slope is the activation energy.",
        "Two points make a line but can’t tell whether it is one; from three on, their scatter about the fit is compared with their errors.",
      ),
    );
  }

  /** A new run begins. @param {RunSpec} spec */
  begin(spec) {
    this.spec = spec;
    this.changes.begin(spec);
    this.element.hidden = (spec.further_temperatures_k ?? []).length === 0;
    this.show({ points: [], properties: [], measured: [] });
  }

  /** How many temperatures have come to their end. */
  get length() {
    return this.scan.points.length;
  }

  /** @param {ScanResults} scan */
  show(scan) {
    this.scan = scan;
    const { points, properties, measured } = scan;
    this.state.textContent = this.#stateWords(points);
    this.changes.show(points.length > 1 ? properties : [], measured);
    this.all.hidden = points.length === 0;
    this.buttons.hidden = points.length === 0;
    const headings = ["Property", ...points.map((point) => kelvin(point.temperature_k)), "From the change"];
    this.values.show("Properties at each temperature, and the same by the other route", headings, rowsOf(points, properties));
  }

  /** @param {ScanPoint[]} points */
  #stateWords({ length }) {
    const all = this.spec ? [this.spec.temperature_k, ...(this.spec.further_temperatures_k ?? [])] : [];
    const list = all.map((temperature, index) => `${kelvin(temperature)}${index < length ? " ✓" : ""}`).join(", ");
    if (length === all.length) return `${list}.`;
    return `${list}. ${length < 2 ? "What follows from the change shows once two temperatures are measured." : "The fits follow as more are measured."}`;
  }

  #json() {
    return `${JSON.stringify({ spec: this.spec ?? null, ...this.scan }, null, 2)}\n`;
  }
}

/**
 * A row for each property that has a value somewhere, with its value at each temperature, and beside them what the change with
 * temperature says of the same.
 * @param {ScanPoint[]} points @param {Property[]} changes
 */
function rowsOf(points, changes) {
  /** @type {Map<string, { first: Property, values: string[] }>} */
  const rows = new Map();
  points.forEach(({ results }, column) => {
    for (const property of results.properties ?? []) {
      if (!property.estimate) continue;
      const key = `${property.id}|${property.of}|${property.route}`;
      const row = rows.get(key) ?? { first: property, values: points.map(() => "–") };
      row.values[column] = estimateText(property.estimate);
      rows.set(key, row);
    }
  });
  const fromTheChange = (/** @type {Property} */ { id, of }) => {
    const estimate = changes.find((change) => change.id === id && change.of === of)?.estimate;
    return estimate ? estimateText(estimate) : "";
  };
  return [...rows.values()].map(({ first, values }) => [`${withSubscripts(first.name)} (${first.route})`, ...values, fromTheChange(first)]);
}
