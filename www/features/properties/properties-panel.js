// What a cell's designer needs: the properties of a run or a trajectory, as a table and as files.

import { el } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { propertiesCsv, propertiesJson } from "./export.js";
import { PropertiesTable } from "./properties-table.js";

/** @import { Measured, Property, Results } from "../../engine/protocol.js" */

export class PropertiesPanel {
  /** @param {string} [id] of its heading; a page that shows two needs two */
  constructor(id = "properties-title") {
    /** @type {Property[]} */
    this.properties = [];
    /** @type {Measured[]} */
    this.measured = [];
    /** @type {object | undefined} */
    this.spec = undefined;
    /** In the names of files of one of several temperatures. */
    this.place = "";
    this.table = new PropertiesTable("Properties, each with its error and the measured value");
    this.waiting = el("p", { class: "quiet-text" }, "Measured once the liquid is equilibrated.");
    this.buttons = el(
      "div",
      { class: "export-row", hidden: true },
      el("button", { type: "button", class: "small", onclick: () => download(`properties${this.place}.csv`, propertiesCsv(this.properties, this.measured), "text/csv") }, "Properties, CSV"),
      el("button", { type: "button", class: "small", onclick: () => download(`properties${this.place}.json`, propertiesJson(this.properties, this.measured, this.spec), "application/json") }, "Properties, JSON"),
    );
    this.heading = el("h2", { id }, "Properties");
    this.element = el("section", { class: "card panel", "aria-labelledby": id }, this.heading, this.waiting, this.table.element, this.buttons);
  }

  /** @param {object} spec what made the properties: it goes home with them @param {string} [temperature] which of several, in words @param {boolean} [goesOn] whether rows that are open open again */
  begin(spec, temperature = "", goesOn = false) {
    this.spec = spec;
    this.place = temperature && `-${temperature.replace(" ", "")}`;
    this.heading.textContent = temperature ? `Properties at ${temperature}` : "Properties";
    this.properties = [];
    this.measured = [];
    this.table.begin(spec, kelvinOf(spec), goesOn);
    this.#reveal();
  }

  /** @param {Measured[]} measured at the run's temperature */
  showMeasured(measured) {
    this.measured = measured;
  }

  /** @param {Results} results */
  show({ properties }) {
    this.properties = properties ?? [];
    this.table.show(this.properties, this.measured);
    this.#reveal();
  }

  #reveal() {
    const any = this.properties.length > 0;
    this.waiting.hidden = any;
    this.buttons.hidden = !any;
  }
}

/** The temperature of a run; a trajectory's settings may have none. @param {object} spec */
function kelvinOf(spec) {
  return "temperature_k" in spec && typeof spec.temperature_k === "number" ? spec.temperature_k : undefined;
}
