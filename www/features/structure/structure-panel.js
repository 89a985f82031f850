// Partial radial distribution functions, and what they say of each atom's surroundings.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { explain } from "../../components/explain.js";
import { significant, withError } from "../../components/format.js";

/** @import { RdfCurve, Results } from "../../engine/protocol.js" */

export class StructurePanel {
  /** @param {string} [id] of its heading; a page that shows two needs two @param {string} [waiting] why nothing is drawn yet */
  constructor(id = "structure-title", waiting = "Drawn once the liquid is equilibrated.") {
    this.chart = new ChartView({ title: "Radial distribution functions", large: true });
    this.waiting = el("p", { class: "quiet-text" }, waiting);
    this.table = el("div", {});
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": id },
      el("h2", { id }, "Structure: who is next to whom"),
      this.waiting,
      this.chart.element,
      this.table,
      explain(
        "g(r) compares how often two atoms are found at distance r with how often they would be if atoms lay anywhere by chance. 1 means: no order. A high first peak means: neighbours at that distance are the rule.",
        "In a molten salt, peaks of unlike ions come first and those of like ions later: each ion surrounds itself with the opposite charge, in shells, and after a few shells the liquid has forgotten.",
        "The coordination number counts the neighbours in the first shell: the atoms up to the first minimum of g(r) after its peak.",
        "± is one standard error. Successive pictures of a liquid resemble each other, so the error comes from blocks of time long enough to be independent. It shrinks with the square root of the time simulated: four times longer for half the error.",
      ),
    );
    this.clear();
  }

  clear() {
    this.chart.clear();
    this.chart.element.hidden = true;
    this.waiting.hidden = false;
    this.table.replaceChildren();
  }

  /** @param {Results} results */
  show({ rdf }) {
    const curves = rdf.filter(({ g }) => g.length > 0);
    if (curves.length === 0) return;
    this.waiting.hidden = true;
    this.chart.element.hidden = false;
    this.chart.show(
      {
        title: "Radial distribution functions",
        x: { label: "distance r", unit: "Å" },
        y: { label: "g(r)", unit: "" },
        series: curves.map((curve) => ({ name: pairName(curve), x: curve.r_angstrom, y: curve.g, error: curve.standard_error })),
      },
      curves.map(peakWords).filter(Boolean).join(" "),
    );
    this.table.replaceChildren(coordinationTable(curves));
  }
}

/** @param {RdfCurve} curve */
function pairName({ first, second }) {
  return `${first}–${second}`;
}

/** @param {RdfCurve} curve */
function peakWords(curve) {
  const { first_peak: peak, first_peak_height: height } = curve;
  return peak && height ? `${pairName(curve)} peaks at ${significant(peak.value, 3)} Å with g = ${significant(height.value, 3)}.` : "";
}

/** @param {RdfCurve[]} curves */
function coordinationTable(curves) {
  const text = (/** @type {import("../../components/estimate-label.js").Estimate | null | undefined} */ estimate) =>
    estimate ? withError(estimate.value, estimate.standard_error) : "–";
  return el(
    "div",
    { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "First neighbour shells" },
    el(
      "table",
      {},
      el("caption", {}, "First neighbour shells"),
      el("thead", {}, el("tr", {}, ...["pair", "peak, Å", "height", "minimum, Å", "neighbours"].map((heading) => el("th", { scope: "col" }, heading)))),
      el(
        "tbody",
        {},
        ...curves.map((curve) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, `${curve.second} around ${curve.first}`),
            ...[curve.first_peak, curve.first_peak_height, curve.first_minimum, curve.coordination_number].map((estimate) => el("td", {}, text(estimate))),
          ),
        ),
      ),
    ),
  );
}
