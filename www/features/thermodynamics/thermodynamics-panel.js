// Temperature, pressure, energy and density as they come, with their averages once there are some.

import { ChartView } from "../../components/chart-view.js";
import { el } from "../../components/dom.js";
import { estimateLabel } from "../../components/estimate-label.js";
import { explain } from "../../components/explain.js";
import { significant } from "../../components/format.js";

/** @import { About, Results, Series } from "../../engine/protocol.js" */

const QUANTITIES = [
  { name: "temperature", title: "Temperature", label: "T", unit: "K" },
  { name: "pressure", title: "Pressure", label: "P", unit: "GPa" },
  { name: "potential-energy", title: "Potential energy", label: "U", unit: "eV/atom" },
  { name: "density", title: "Density", label: "ρ", unit: "g/cm³" },
];

export class ThermodynamicsPanel {
  constructor() {
    this.charts = QUANTITIES.map(({ title }) => new ChartView({ title }));
    this.estimates = el("dl", { class: "estimates" });
    /** @type {About["measured_density"]} */
    this.measured = null;
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": "thermodynamics-title" },
      el("h2", { id: "thermodynamics-title" }, "Live"),
      el("div", { class: "chart-grid" }, ...this.charts.map((chart) => chart.element)),
      this.estimates,
      explain(
        "Temperature is the atoms’ kinetic energy, pressure their collisions with the walls that the periodic cell does not have. In a box this small both fluctuate widely from moment to moment; only averages mean something.",
        "At constant pressure the cell breathes until the liquid has the density it wants: that density is a prediction of the potential, not an input.",
        "Averages are taken while sampling. ± is one standard error, from blocks of time long enough to be independent of each other.",
      ),
    );
  }

  /** @param {About} about */
  showAbout({ measured_density: measured }) {
    this.measured = measured;
  }

  clear() {
    for (const chart of this.charts) chart.clear();
    this.estimates.replaceChildren();
  }

  /** @param {Record<string, Series>} series */
  showSeries(series) {
    QUANTITIES.forEach(({ name, title, label, unit }, index) => {
      const recorded = series[name];
      if (!recorded || recorded.x.length === 0) return;
      const last = recorded.y[recorded.y.length - 1] ?? NaN;
      this.charts[index]?.show(
        {
          title,
          x: { label: "time", unit: "ps" },
          y: { label, unit },
          series: [{ name: title, x: recorded.x, y: recorded.y }],
        },
        `${significant(last, 4)} ${unit} now.`,
      );
    });
  }

  /** @param {Results} results */
  showEstimates({ estimates }) {
    const known = QUANTITIES.flatMap(({ name, title }) => {
      const estimate = estimates[name];
      return estimate ? [estimateLabel(`Average ${title.toLowerCase()}`, estimate, name === "density" ? this.#experiment() : "")] : [];
    });
    this.estimates.replaceChildren(...known);
  }

  #experiment() {
    if (!this.measured) return "";
    const { density_g_cm3: density, source, interpolated } = this.measured;
    return `Experiment: ${significant(density, 4)} g/cm³ (${interpolated ? "between measured compositions, " : ""}${source})`;
  }
}
