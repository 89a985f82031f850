// "What am I seeing?": a few plain sentences beside a chart.

import { el } from "./dom.js";

/** @param {...string} paragraphs */
export function explain(...paragraphs) {
  return el("details", { class: "explain" }, el("summary", {}, "What am I seeing?"), ...paragraphs.map((text) => el("p", {}, text)));
}
