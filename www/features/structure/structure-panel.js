// Partial radial distribution functions, and what they say of each atom's surroundings.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { explain } from "../../components/explain.js";
import { significant, withError } from "../../components/format.js";
import { LiveTable } from "../../components/live-table.js";

/** @import { MeasuredRdf, RdfCurve, Results } from "../../engine/protocol.js" */

const SHELL_HEADINGS = ["pair", "peak, Å", "height", "minimum, Å", "neighbours"];

export class StructurePanel {
  /** @param {string} [id] of its heading; a page that shows two needs two @param {string} [waiting] why nothing is drawn yet */
  constructor(id = "structure-title", waiting = "Drawn once the liquid is equilibrated.") {
    this.chart = new ChartView({ title: "Radial distribution functions", large: true });
    this.waiting = el("p", { class: "quiet-text" }, waiting);
    this.shells = new LiveTable({ rowHeadings: true });
    /** @type {MeasuredRdf[]} */
    this.measured = [];
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": id },
      el("h2", { id }, "Structure: who is next to whom"),
      this.waiting,
      this.chart.element,
      this.shells.element,
      explain(
        "g(r) compares how often two atoms are found at distance r with how often they would be if atoms lay anywhere by chance. 1 means: no order. A high first peak means: neighbours at that distance are the rule.",
        "In a molten salt, peaks of unlike ions come first and those of like ions later: each ion surrounds itself with the opposite charge, in shells, and after a few shells the liquid has forgotten.",
        "The coordination number counts the neighbours in the first shell: the atoms up to the first minimum of g(r) after its peak.",
        "± is one standard error. Successive pictures of a liquid resemble each other, so the error comes from blocks of time long enough to be independent. It shrinks with the square root of the time simulated: four times longer for half the error.",
      ),
    );
    this.clear();
  }

  /** What experiments found of the same liquid, drawn as points. @param {MeasuredRdf[]} measured */
  showMeasured(measured) {
    this.measured = measured.filter(({ points }) => points.length > 0);
  }

  clear() {
    this.measured = [];
    this.chart.clear();
    this.chart.element.hidden = true;
    this.waiting.hidden = false;
    this.shells.clear();
  }

  /** @param {Results} results */
  show({ rdf }) {
    const curves = rdf.filter(({ g }) => g.length > 0);
    if (curves.length === 0) return;
    const measured = this.measured.filter(({ pair }) => curves.some((curve) => isOf(curve, pair)));
    this.waiting.hidden = true;
    this.chart.element.hidden = false;
    this.chart.show(
      {
        title: "Radial distribution functions",
        x: { label: "distance r", unit: "Å" },
        y: { label: "g(r)", unit: "" },
        series: [
          ...curves.map((curve) => ({ name: pairName(curve), x: curve.r_angstrom, y: curve.g, error: curve.standard_error })),
          ...measured.map((one) => measuredSeries(one, curves.findIndex((curve) => isOf(curve, one.pair)))),
        ],
      },
      [...curves.map(peakWords), ...measured.map(measuredWords)].filter(Boolean).join(" "),
    );
    this.shells.show("First neighbour shells", SHELL_HEADINGS, curves.map(shellRow));
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

/** @param {RdfCurve} curve @param {[string, string]} pair in either order */
function isOf({ first, second }, [a, b]) {
  return (first === a && second === b) || (first === b && second === a);
}

/** @param {MeasuredRdf} measured @param {number} colour that of the computed curve of this index @returns {import("../../components/chart-view.js").ChartSeries} */
function measuredSeries({ pair, points, author }, colour) {
  return { name: `${pair.join("–")}, ${author}`, x: points.map(([r]) => r), y: points.map(([, g]) => g), style: "points", colour };
}

/** @param {MeasuredRdf} measured */
function measuredWords({ pair, points, source }) {
  const [r, g] = points.reduce((highest, point) => (point[1] > highest[1] ? point : highest));
  return `Measured: ${pair.join("–")} peaks at ${significant(r, 3)} Å with g = ${significant(g, 3)} (${source}).`;
}

/** @param {RdfCurve} curve */
function shellRow(curve) {
  const estimates = [curve.first_peak, curve.first_peak_height, curve.first_minimum, curve.coordination_number];
  return [`${curve.second} around ${curve.first}`, ...estimates.map((estimate) => (estimate ? withError(estimate.value, estimate.standard_error) : "–"))];
}
