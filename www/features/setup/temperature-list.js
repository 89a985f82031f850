// Further temperatures of a run, as a list in one field.

import { el } from "../../components/dom.js";
import { showFault } from "../../components/field-fault.js";
import { adviceOn, numberIn } from "../../components/read-number.js";

const LOWEST = 1;
const HIGHEST = 6000;
/** As many as the engine takes beside the first. */
const MOST = 99;
/** "1,100", "94,4", "1 100": one number to some, two to others. Three digits after three, as in "950,1000", can't be one. */
const COULD_BE_ONE = /(?<![\d.,])\d+,\d{1,2}(?![\d.])|(?<![\d.,])[1-6][,\s]\d{3}(?!\d)/;

export class TemperatureList {
  /** @param {number[]} kelvin what stands there at first @param {() => number} first the temperature that the run has anyway */
  constructor(kelvin, first) {
    this.first = first;
    this.input = el("input", {
      id: "further-temperatures",
      name: "further-temperatures",
      type: "text",
      autocomplete: "off",
      "aria-describedby": "further-temperatures-hint further-temperatures-error",
      value: kelvin.join(", "),
      oninput: () => this.check(),
    });
    this.error = el("p", { id: "further-temperatures-error", class: "field-error", hidden: true });
    this.element = el(
      "div",
      { class: "field" },
      el("label", { for: "further-temperatures" }, "Further temperatures"),
      el("div", { class: "field-row" }, this.input, el("span", { class: "unit", "aria-hidden": "true" }, "K")),
      el("p", { id: "further-temperatures-hint", class: "field-hint" }, "Left empty, none. “1000, 1200, 1300” runs there as well, one after the other, and gives slopes and activation energies."),
      this.error,
    );
  }

  /** Check first. @returns {number[]} */
  get value() {
    return this.#written().map(numberIn);
  }

  /** @returns {boolean} whether the list can be used */
  check() {
    return showFault(this.input, this.error, this.#fault());
  }

  /** Between semicolons, where there are any: then commas and spaces belong to the numbers. Else between commas and spaces. */
  #written() {
    const { value } = this.input;
    const written = value.includes(";") ? value.split(";") : value.split(/[,\s]+/);
    return written.map((text) => text.trim()).filter((text) => text !== "");
  }

  #fault() {
    const { value } = this.input;
    const ambiguous = value.includes(";") ? undefined : COULD_BE_ONE.exec(value)?.[0];
    if (ambiguous) return `Further temperatures: found “${ambiguous}”, which could be one number or two; expected semicolons between them, as in 1000; 1200.`;
    const written = this.#written();
    const bad = written.find((text) => !(numberIn(text) >= LOWEST && numberIn(text) <= HIGHEST));
    if (bad !== undefined) return `Further temperatures: found “${bad.slice(0, 40)}”; ${adviceOn(bad) || `expected numbers from ${LOWEST} to ${HIGHEST} K, such as ${value.includes(";") ? "1000; 1200, with semicolons between all" : "1000, 1200"}`}.`;
    const all = [this.first(), ...written.map(numberIn)].filter(Number.isFinite);
    const twice = all.find((kelvin, index) => all.indexOf(kelvin) < index);
    if (twice !== undefined) return `Further temperatures: found ${twice} K twice, the temperature above counted; expected each once.`;
    if (written.length > MOST) return `Further temperatures: found ${written.length}; expected at most ${MOST}.`;
    return "";
  }
}
