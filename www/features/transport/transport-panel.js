// Mean-square displacements: how far each species wanders.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { explain } from "../../components/explain.js";
import { significant, withError } from "../../components/format.js";

/** @import { MsdCurve, Results } from "../../engine/protocol.js" */

/** A point averaged over fewer time origins than this says little, and its error bar less. */
const FEWEST_ORIGINS = 4;

export class TransportPanel {
  /** @param {string} [id] of its heading; a page that shows two needs two @param {string} [waiting] why nothing is drawn yet */
  constructor(id = "transport-title", waiting = "Drawn once the liquid is equilibrated.") {
    this.chart = new ChartView({ title: "Mean-square displacements", large: true });
    this.waiting = el("p", { class: "quiet-text" }, waiting);
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": id },
      el("h2", { id }, "Motion: how far atoms wander"),
      this.waiting,
      this.chart.element,
      explain(
        "The mean-square displacement is the squared distance that an atom has come from where it was a time t ago, averaged over all atoms of a species and over many starting times.",
        "At first atoms fly freely and it grows like t²; then they hit the cage of their neighbours; in the end they wander at random and it grows like t. A solid’s stays flat. The slope at long times, divided by 6, is the diffusion coefficient.",
        "The bars are one standard error. Long times have fewer independent stretches in the run, so they are the least certain; the bars shrink as the run goes on.",
      ),
    );
    this.clear();
  }

  clear() {
    this.chart.clear();
    this.chart.element.hidden = true;
    this.waiting.hidden = false;
  }

  /** @param {Results} results */
  show({ msd }) {
    const curves = msd.map(reliablePart).filter(({ time_ps }) => time_ps.length > 0);
    if (curves.length === 0) return;
    this.waiting.hidden = true;
    this.chart.element.hidden = false;
    this.chart.show(
      {
        title: "Mean-square displacements",
        x: { label: "time", unit: "ps" },
        y: { label: "MSD", unit: "Å²" },
        series: curves.map(({ species, time_ps, msd: y, standard_error }) => ({ name: species, x: time_ps, y, error: standard_error, style: "line-points" })),
      },
      curves.map(lastWords).join(" "),
    );
  }
}

/** @param {MsdCurve} curve @returns {MsdCurve} */
function reliablePart(curve) {
  const kept = curve.origins.map((origins) => origins >= FEWEST_ORIGINS);
  /** @template T @param {T[]} values @returns {T[]} */
  const keep = (values) => values.filter((_, index) => kept[index]);
  const { species, time_ps, msd, standard_error, origins } = curve;
  return { species, time_ps: keep(time_ps), msd: keep(msd), standard_error: keep(standard_error), origins: keep(origins) };
}

/** @param {MsdCurve} curve */
function lastWords({ species, time_ps, msd, standard_error }) {
  const last = time_ps.length - 1;
  return `${species}: ${withError(msd[last] ?? NaN, standard_error[last])} Å² after ${significant(time_ps[last] ?? NaN, 3)} ps.`;
}
