// What a person takes home: the structure, the numbers, and the specification that repeats the run.

import { el } from "../../components/dom.js";
import { download } from "../../components/download.js";

/** @import { EngineError, Results, RunSpec, Series, Written } from "../../engine/protocol.js" */

/** @type {{ what: Written, label: string, ending: string }[]} */
const FILES = [
  { what: "structure", label: "Structure, extended XYZ", ending: "extxyz" },
  { what: "structure", label: "Structure, .cfg", ending: "cfg" },
  { what: "structure", label: "Structure, LAMMPS data", ending: "data" },
  { what: "structure", label: "Structure, POSCAR", ending: "vasp" },
  { what: "trajectory", label: "Trajectory, extended XYZ", ending: "extxyz" },
  { what: "trajectory", label: "Trajectory, LAMMPS dump", ending: "dump" },
];

export class ExportPanel {
  /** @param {(what: Written, file: string) => Promise<string>} write the text of a file of that name */
  constructor(write) {
    this.write = write;
    /** @type {Record<string, Series>} */
    this.series = {};
    /** @type {Results | undefined} */
    this.results = undefined;
    /** @type {RunSpec | undefined} */
    this.spec = undefined;
    /** Of the present temperature. @type {RunSpec | undefined} */
    this.present = undefined;
    this.name = "run";
    /** In the names of files of one of several temperatures. */
    this.place = "";
    this.buttons = [
      ...FILES.map(({ what, label, ending }) => this.#button(label, () => this.#atoms(what, `${what}.${ending}`))),
      this.#button("Series, CSV", () => this.#save("series.csv", seriesCsv(this.series), "text/csv")),
      this.#button("Results, JSON", () => this.#save("results.json", json({ spec: this.present, results: this.results ?? null }), "application/json")),
      this.#button("Specification, JSON", () => this.#save("run.json", json(this.spec), "application/json", "")),
    ];
    this.status = el("p", { class: "quiet-text", role: "status" });
    this.hint = el("p", { class: "field-hint" });
    this.element = el(
      "section",
      { class: "card panel", "aria-labelledby": "export-title" },
      el("h2", { id: "export-title" }, "Take it home"),
      el("div", { class: "export-row" }, ...this.buttons),
      this.status,
      this.hint,
    );
  }

  /** A new run begins. @param {RunSpec} spec @param {string} title */
  begin(spec, title) {
    this.spec = spec;
    this.name = title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "run";
    const isScan = (spec.further_temperatures_k ?? []).length > 0;
    this.hint.textContent = `The specification repeats this run exactly, here or with “crucible ${isScan ? "scan" : "md"} run.json” on the command line.${isScan ? " The other files are of the present temperature." : ""}`;
    this.status.textContent = "";
  }

  /** @param {RunSpec} present specification of what runs from now on @param {boolean} isScan whether at one of several temperatures */
  beginTemperature(present, isScan) {
    this.present = present;
    this.place = isScan ? `-${present.temperature_k}K` : "";
    this.series = {};
    this.results = undefined;
  }

  /** @param {boolean} enabled */
  setEnabled(enabled) {
    for (const button of this.buttons) button.disabled = !enabled;
  }

  /** @param {string} label @param {() => void} act */
  #button(label, act) {
    return el("button", { type: "button", class: "small", onclick: act }, label);
  }

  /** @param {Written} what @param {string} file */
  async #atoms(what, file) {
    try {
      this.#save(file, await this.write(what, file), "text/plain");
    } catch (error) {
      this.status.textContent = `The file could not be written: ${/** @type {EngineError} */ (error).message}`;
    }
  }

  /** @param {string} name @param {string} text @param {string} type @param {string} [place] */
  #save(name, text, type, place = this.place) {
    const file = `${this.name}${place}-${name}`;
    download(file, text, type);
    this.status.textContent = `Saved ${file}.`;
  }
}

/**
 * One row a sample, one column a quantity. Grades are left out: they come at times of their own, and have their table.
 * @param {Record<string, Series>} series
 */
function seriesCsv(series) {
  const columns = Object.entries(series).filter(([name]) => name !== "grade");
  const times = columns[0]?.[1].x ?? [];
  const header = ["time (ps)", ...columns.map(([name, { unit }]) => `${name} (${unit})`)];
  const rows = Array.from(times, (time, row) => [time, ...columns.map(([, { y }]) => y[row] ?? "")]);
  return `${[header, ...rows].map((row) => row.join(",")).join("\n")}\n`;
}

/** @param {unknown} value */
function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
