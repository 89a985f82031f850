// A choice among a few things, with its label and what to know of it.

import { el, freshId } from "./dom.js";

/**
 * @param {string} label
 * @param {Record<string, string>} options what is shown, by value
 * @param {string} chosen
 * @param {string} [hint]
 */
export function selectField(label, options, chosen, hint = "") {
  const id = freshId("select");
  const about = el("p", { id: `${id}-hint`, class: "field-hint", hidden: hint === "" }, hint);
  const input = el("select", { id, "aria-describedby": about.id });
  fillSelect(input, options, chosen);
  return { input, element: el("div", { class: "field" }, el("label", { for: id }, label), input, about) };
}

/** @param {HTMLSelectElement} input @param {Record<string, string>} options @param {string} [chosen] */
export function fillSelect(input, options, chosen) {
  input.replaceChildren(...Object.entries(options).map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
}

/** The threads to compute on. @param {number} available */
export function threadsField(available) {
  const counts = Array.from({ length: available }, (_, index) => index + 1);
  const options = Object.fromEntries(counts.map((n) => [String(n), n === 1 ? "1 thread" : `${n} threads`]));
  const hint = available > 1 ? "All of them is fastest; fewer leave room for other programs." : "This page runs on one thread.";
  const field = selectField("Threads", options, String(Math.max(1, available)), hint);
  field.input.name = "threads";
  return field;
}
