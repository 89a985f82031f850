// A number with its unit, its range and a message that says what would be accepted.

import { el, freshId } from "./dom.js";
import { showFault } from "./field-fault.js";
import { plain } from "./format.js";
import { adviceOn, numberIn } from "./read-number.js";

/**
 * @typedef {object} NumberFieldOptions
 * @property {string} name
 * @property {string} label
 * @property {string} [unit]
 * @property {number} min
 * @property {number} max
 * @property {number | undefined} value what stands there at first
 * @property {boolean} [integer]
 * @property {boolean} [optional] whether it may be left empty
 * @property {string} [hint] what the number means, in a few words
 * @property {(value: number) => string} [beside] what is expected beside other fields; empty where the number is as expected
 */

export class NumberField {
  /** @param {NumberFieldOptions} options */
  constructor(options) {
    this.options = options;
    const id = freshId("number");
    const { label, unit = "", min, max, hint = "" } = options;
    this.input = el("input", {
      id,
      name: options.name,
      type: "text",
      inputmode: options.integer ? "numeric" : "decimal",
      autocomplete: "off",
      "aria-describedby": `${id}-hint ${id}-error`,
      value: options.value ?? "",
      oninput: () => this.check(),
    });
    this.error = el("p", { id: `${id}-error`, class: "field-error", hidden: true });
    const range = `${plain(min)} to ${plain(max)}${unit ? ` ${unit}` : ""}`;
    this.element = el(
      "div",
      { class: "field" },
      el("label", { for: id }, label),
      el("div", { class: "field-row" }, this.input, el("span", { class: "unit", "aria-hidden": "true" }, unit)),
      el("p", { id: `${id}-hint`, class: "field-hint" }, hint ? `${hint} ${range}.` : range),
      this.error,
    );
  }

  /** The number that stands there; NaN where it is none, or could be two. */
  get value() {
    return numberIn(this.input.value);
  }

  get isEmpty() {
    return this.input.value.trim() === "";
  }

  /** Shows what is wrong, if anything. @returns {boolean} whether the number can be used */
  check() {
    return showFault(this.input, this.error, this.#fault());
  }

  #fault() {
    const { label, unit = "", min, max, integer, optional, beside } = this.options;
    if (optional && this.isEmpty) return "";
    const { value } = this;
    const expected = `expected ${integer ? "a whole number" : "a number"} from ${plain(min)} to ${plain(max)}${unit ? ` ${unit}` : ""}`;
    const found = this.input.value.trim();
    if (!Number.isFinite(value)) return `${label}: found ${found ? `“${found.slice(0, 40)}”` : "nothing"}; ${adviceOn(found) || expected}.`;
    if (value < min || value > max || (integer && !Number.isInteger(value))) return `${label}: found ${found}; ${expected}.`;
    const more = beside?.(value) ?? "";
    return more && `${label}: found ${found}; expected ${more}.`;
  }
}
