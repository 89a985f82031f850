// A table that is shown again and again: its parts stay and only their text changes, so that whoever reads or scrolls it is not thrown out.

import { el, setText } from "./dom.js";

export class LiveTable {
  /** @param {{ rowHeadings?: boolean }} [options] `rowHeadings`: whether the first cell of a row names it */
  constructor({ rowHeadings = false } = {}) {
    this.rowHeadings = rowHeadings;
    this.caption = el("caption");
    this.headings = el("tr");
    this.body = el("tbody");
    this.element = el(
      "div",
      { class: "table-scroll", tabindex: 0, role: "region", hidden: true },
      el("table", {}, this.caption, el("thead", {}, this.headings), this.body),
    );
  }

  /** @param {string} caption @param {string[]} headings @param {(string | number)[][]} rows */
  show(caption, headings, rows) {
    this.element.hidden = false;
    this.element.setAttribute("aria-label", caption);
    setText(this.caption, caption);
    fill(this.headings, headings, () => el("th", { scope: "col" }));
    resize(this.body, rows.length, () => el("tr"));
    const cell = (/** @type {number} */ column) => (this.rowHeadings && column === 0 ? el("th", { scope: "row" }) : el("td"));
    rows.forEach((row, index) => fill(/** @type {Element} */ (this.body.children[index]), row, cell));
  }

  /** Hides it, empty. */
  clear() {
    this.element.hidden = true;
    this.body.replaceChildren();
  }
}

/** Gives `parent` a child for each text. @param {Element} parent @param {(string | number)[]} texts @param {(index: number) => Element} make */
function fill(parent, texts, make) {
  resize(parent, texts.length, make);
  texts.forEach((text, index) => setText(/** @type {Element} */ (parent.children[index]), String(text)));
}

/** @param {Element} parent @param {number} size @param {(index: number) => Element} make */
function resize(parent, size, make) {
  while (parent.children.length > size) parent.lastElementChild?.remove();
  while (parent.children.length < size) parent.append(make(parent.children.length));
}
