// The composition of a melt: formula units and their amounts, one row each.

import { el } from "../../components/dom.js";
import { adviceOn, numberIn } from "../../components/read-number.js";

export class CompositionEditor {
  /** @param {Record<string, number>} composition amounts by formula, in any unit */
  constructor(composition) {
    this.rows = el("div", { class: "composition-rows" });
    /** Components so far, gone ones too: each has a number of its own. */
    this.added = 0;
    this.error = el("p", { class: "field-error", hidden: true });
    this.addButton = el("button", { type: "button", class: "small", onclick: () => this.#add("", 1).focus() }, "Add a component");
    this.element = el(
      "div",
      { class: "field", role: "group", "aria-label": "Composition" },
      el("p", { class: "field-title" }, "Composition"),
      this.rows,
      this.addButton,
      el("p", { class: "field-hint" }, "Neutral formula units (or elements) and their amounts, in any unit: 0.7 and 0.3 mean 70 and 30 mol %."),
      this.error,
    );
    for (const [formula, amount] of Object.entries(composition)) this.#add(formula, amount);
  }

  /** Amounts by formula; check first. @returns {Record<string, number>} */
  get value() {
    /** @type {Record<string, number>} */
    const composition = {};
    for (const { formula, amount } of this.#entries()) composition[formula] = (composition[formula] ?? 0) + amount;
    return composition;
  }

  /** @returns {boolean} whether the rows can be used */
  check() {
    const message = this.#fault();
    this.error.textContent = message;
    this.error.hidden = message === "";
    return message === "";
  }

  #entries() {
    return [...this.rows.children].map((row) => {
      const [formula, amount] = row.querySelectorAll("input");
      const written = amount?.value ?? "";
      return { formula: formula?.value.trim() ?? "", amount: numberIn(written), advice: adviceOn(written) };
    });
  }

  #fault() {
    const entries = this.#entries();
    for (const { formula, amount, advice } of entries) {
      if (!/^([A-Z][a-z]?\d*)+$/.test(formula)) return `Composition: found “${formula.slice(0, 40)}”; expected a formula such as CaCl2.`;
      if (!Number.isFinite(amount) || amount < 0) return `Amount of ${formula}: ${advice || "expected a number of at least 0"}.`;
    }
    if (!entries.some(({ amount }) => amount > 0)) return "Composition: expected at least one component with an amount above 0.";
    return "";
  }

  /** @param {string} formula @param {number} amount @returns {HTMLInputElement} the formula's field */
  #add(formula, amount) {
    this.added += 1;
    const number = this.added;
    const changed = () => this.check();
    const input = el("input", { type: "text", value: formula, "aria-label": `Formula of component ${number}`, autocomplete: "off", oninput: changed });
    const row = el(
      "div",
      { class: "composition-row" },
      input,
      el("input", { type: "text", inputmode: "decimal", value: amount, "aria-label": `Amount of component ${number}`, autocomplete: "off", oninput: changed }),
      el("button", { type: "button", class: "small", "aria-label": `Remove component ${number}`, onclick: () => this.#remove(row) }, "×"),
    );
    this.rows.append(row);
    return input;
  }

  /** @param {Element} row */
  #remove(row) {
    const place = [...this.rows.children].indexOf(row);
    row.remove();
    // The button that was pressed is gone: the next one takes the focus.
    const buttons = this.rows.querySelectorAll("button");
    (buttons[Math.min(place, buttons.length - 1)] ?? this.addButton).focus();
    this.check();
  }
}
