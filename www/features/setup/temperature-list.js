// Further temperatures of a run, as a list in one field.

import { el } from "../../components/dom.js";
import { showFault } from "../../components/field-fault.js";
import { numberIn } from "../../components/read-number.js";

const LOWEST = 1;
const HIGHEST = 6000;
/** As many as the engine takes beside the first. */
const MOST = 99;
/** "1,100": one temperature to some, two to others. */
const GROUPED = /^\d{1,3},\d{3}$/;

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

  #written() {
    return this.input.value.split(/[;,\s]+/).filter((text) => text !== "");
  }

  #fault() {
    const ambiguous = this.input.value.split(/[;\s]+|,\s+/).find((text) => GROUPED.test(text) && Number(text.replace(",", "")) <= HIGHEST);
    if (ambiguous) return `Further temperatures: found “${ambiguous}”; write ${ambiguous.replace(",", "")} or ${ambiguous.replace(",", ", ")}.`;
    const written = this.#written();
    const bad = written.find((text) => !(numberIn(text) >= LOWEST && numberIn(text) <= HIGHEST));
    if (bad !== undefined) return `Further temperatures: found “${bad.slice(0, 40)}”; expected numbers from ${LOWEST} to ${HIGHEST} K, such as 1000, 1200.`;
    const all = [this.first(), ...written.map(numberIn)].filter(Number.isFinite);
    const twice = all.find((kelvin, index) => all.indexOf(kelvin) < index);
    if (twice !== undefined) return `Further temperatures: found ${twice} K twice, with the temperature above; expected each once.`;
    if (written.length > MOST) return `Further temperatures: found ${written.length}; expected at most ${MOST}.`;
    return "";
  }
}
