// Every property with its error, beside the experiment, and the curves that it came from.

import { ChartView } from "../../components/chart-view.js";
import { el, freshId, setText } from "../../components/dom.js";
import { estimateText, valueText } from "../../components/estimate-label.js";
import { significant, withSubscripts } from "../../components/format.js";
import { compare } from "./comparison.js";
import { experimentChart } from "./experiment-chart.js";
import { SECTION_TITLES, sectionOf, wordsFor } from "./explanations.js";

/** @import { Measured, Property } from "../../engine/protocol.js" */

const COLUMNS = ["Property", "Value", "Experiment", "Deviation", "Status"];

export class PropertiesTable {
  /** @param {string} caption */
  constructor(caption) {
    /** @type {Map<string, PropertyRow>} */
    this.rows = new Map();
    /** Of what is shown, where it has one, K. @type {number | undefined} */
    this.kelvin = undefined;
    /** What made what is shown, in a line of text. */
    this.source = "";
    /** Rows that were open when the table was emptied: they open again. @type {Set<string>} */
    this.open = new Set();
    /** The last row of each quantity: its other routes come below it. @type {Map<string, PropertyRow>} */
    this.latest = new Map();
    this.sections = SECTION_TITLES.map((title) =>
      el("tbody", { hidden: true }, el("tr", {}, el("th", { scope: "rowgroup", colspan: COLUMNS.length, class: "properties-section" }, title))),
    );
    this.element = el(
      "div",
      { class: "properties-scroll", hidden: true },
      el(
        "table",
        { class: "properties" },
        el("caption", { class: "visually-hidden" }, caption),
        el("thead", {}, el("tr", {}, ...COLUMNS.map((name) => el("th", { scope: "col" }, name)))),
        ...this.sections,
      ),
    );
  }

  /**
   * Empties it.
   * @param {object} spec what makes what will be shown: it goes into the files of its charts
   * @param {number} [kelvin] temperature of what will be shown, where it has one
   * @param {boolean} [goesOn] whether rows that are open open again
   */
  begin(spec, kelvin, goesOn = false) {
    this.kelvin = kelvin;
    this.source = `made by: ${JSON.stringify(spec)}`;
    if (!goesOn) this.open.clear();
    for (const [key, row] of this.rows) {
      if (goesOn && row.isOpen) this.open.add(key);
      row.dispose();
    }
    this.rows.clear();
    this.latest.clear();
    for (const section of this.sections) {
      section.replaceChildren(...[...section.children].slice(0, 1));
      section.hidden = true;
    }
    this.element.hidden = true;
  }

  /** @param {Property[]} properties @param {Measured[]} measured */
  show(properties, measured) {
    for (const property of properties) {
      const key = keyOf(property);
      let row = this.rows.get(key);
      if (!row) {
        row = new PropertyRow();
        this.rows.set(key, row);
        this.#place(row, property);
        if (this.open.delete(key)) row.toggle();
      }
      row.show(property, measured, this.kelvin, this.source);
    }
    this.#forgetOthers(new Set(properties.map(keyOf)));
    this.element.hidden = properties.length === 0;
  }

  /** What was waited for under another name, as shells whose pairs were not known, has no row any more. @param {Set<string>} shown */
  #forgetOthers(shown) {
    for (const [key, row] of this.rows) {
      if (shown.has(key)) continue;
      if (row.isOpen) this.open.add(key);
      row.dispose();
      row.line.remove();
      row.details.remove();
      this.rows.delete(key);
      for (const [quantity, latest] of this.latest) if (latest === row) this.latest.delete(quantity);
    }
  }

  /** @param {PropertyRow} row @param {Property} property */
  #place(row, { id, of }) {
    const quantity = `${id}|${of}`;
    const above = this.latest.get(quantity);
    this.latest.set(quantity, row);
    if (above) return above.details.after(row.line, row.details);
    const section = this.sections[sectionOf(id)];
    if (!section) return;
    section.append(row.line, row.details);
    section.hidden = false;
  }
}

/** @param {Property} property */
function keyOf({ id, of, route }) {
  return `${id}|${of}|${route}`;
}

/** One property: a line of the table, and a second one with its curves that opens at a press. */
class PropertyRow {
  constructor() {
    const id = freshId("property");
    this.name = el("span");
    this.route = el("span", { class: "route" });
    this.button = el("button", { type: "button", class: "disclosure", "aria-expanded": "false", "aria-controls": id, onclick: () => this.toggle() }, this.name, this.route);
    this.value = el("td", { class: "estimate", "data-column": "Value" });
    this.experiment = el("td", { "data-column": "Experiment" });
    this.deviation = el("td", { "data-column": "Deviation" });
    this.status = el("td", { class: "quiet-text", "data-column": "Status" });
    this.line = el("tr", {}, el("th", { scope: "row" }, this.button), this.value, this.experiment, this.deviation, this.status);
    this.content = el("div", { class: "property-details" });
    this.details = el("tr", { id, hidden: true }, el("td", { colspan: COLUMNS.length }, this.content));
    this.words = el("div");
    this.settings = el("dl", { class: "settings" });
    /** @type {ChartView[]} */
    this.charts = [];
    /** @type {ChartView | undefined} */
    this.besideExperiment = undefined;
    /** @type {Property | undefined} */
    this.property = undefined;
    /** @type {number | undefined} */
    this.kelvin = undefined;
    this.source = "";
    this.content.append(this.words, this.settings);
  }

  /** @param {Property} property @param {Measured[]} known @param {number | undefined} kelvin @param {string} source what made it */
  show(property, known, kelvin, source) {
    this.property = property;
    this.kelvin = kelvin;
    this.source = source;
    const { name, route, estimate } = property;
    // A press that begins on a text which goes away would be lost.
    setText(this.name, withSubscripts(name));
    setText(this.route, route);
    this.value.textContent = estimate ? estimateText(estimate) : "–";
    const comparison = compare(property, known);
    this.experiment.textContent = comparison ? valueText(comparison.measured.value, comparison.measured.uncertainty, comparison.measured.unit) : "";
    this.experiment.title = comparison?.measured.source ?? "";
    this.deviation.textContent = comparison ? deviationText(comparison) : "";
    this.status.textContent = statusText(property);
    if (!this.details.hidden) this.#fill(comparison);
    this.comparison = comparison;
  }

  dispose() {
    for (const chart of this.charts) chart.dispose();
    this.besideExperiment?.dispose();
  }

  get isOpen() {
    return !this.details.hidden;
  }

  toggle() {
    this.details.hidden = !this.details.hidden;
    this.button.setAttribute("aria-expanded", String(!this.details.hidden));
    if (!this.details.hidden) this.#fill(this.comparison ?? null);
  }

  /** @param {import("./comparison.js").Comparison | null} comparison */
  #fill(comparison) {
    const { property } = this;
    if (!property) return;
    const { meaning, error } = wordsFor(property);
    const sentences = [meaning, error, property.pending ?? "", ...(property.estimate?.warnings ?? [])].filter((text) => text !== "");
    if (comparison) sentences.push(`Experiment: ${comparison.measured.source}${comparison.measured.interpolated ? ", between measured compositions" : ""}.`);
    this.words.replaceChildren(...sentences.map((text) => el("p", {}, text)));
    const settings = Object.entries(property.settings);
    if (property.estimate) settings.push(["independent samples", significant(property.estimate.independent_samples, 2)]);
    this.settings.replaceChildren(...settings.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
    if (comparison) this.#showBesideExperiment(property, comparison.measured);
    property.charts.forEach((spec, index) => {
      let chart = this.charts[index];
      if (!chart) {
        chart = new ChartView({ title: spec.title || property.name, large: true });
        this.charts[index] = chart;
        this.content.append(chart.element);
      }
      chart.show(spec, spec.title, notesOf(property, this.source));
    });
  }

  /** @param {Property} property @param {Measured} measured */
  #showBesideExperiment(property, measured) {
    const { name, estimate } = property;
    const { kelvin } = this;
    if (!estimate || kelvin === undefined) return;
    const spec = experimentChart(name, estimate, measured, kelvin);
    if (!this.besideExperiment) {
      this.besideExperiment = new ChartView({ title: spec.title, large: true });
      this.settings.after(this.besideExperiment.element);
    }
    const found = valueText(measured.value, measured.uncertainty, measured.unit);
    this.besideExperiment.show(spec, `At ${significant(kelvin)} K: ${found} measured, ${estimateText(estimate)} in this run.`, notesOf(property, this.source));
  }
}

/** @param {import("./comparison.js").Comparison} comparison */
function deviationText({ percent, sigmas, measured }) {
  const sign = percent < 0 ? "−" : "+";
  const parts = [`${sign}${Math.abs(percent).toFixed(1)} %`];
  // Without the experiment's own uncertainty that is no judgement of the two, and says so.
  const whose = isKnown(measured.uncertainty) ? "" : " of this run alone";
  if (sigmas !== null) parts.push(`${sign}${Math.abs(sigmas).toFixed(1)} σ${whose}`);
  return parts.join(", ");
}

/** @param {number | null | undefined} uncertainty */
function isKnown(uncertainty) {
  return uncertainty !== null && uncertainty !== undefined && uncertainty > 0;
}

/** What a file of its curves must say beside them. @param {Property} property @param {string} source */
function notesOf({ name, route, estimate, settings }, source) {
  const value = estimate ? [`${name}, ${route}: ${estimateText(estimate)}`, ...estimate.warnings] : [`${name}, ${route}`];
  return [...value, ...Object.entries(settings).map(([key, text]) => `${key}: ${text}`), source];
}

/** @param {Property} property */
function statusText({ estimate, pending }) {
  // What is a curve as a whole has no value to wait for.
  if (!estimate) return pending ?? "Ready: see its curve";
  if (estimate.warnings.length > 0) return estimate.warnings[0] ?? "";
  return "Ready";
}
