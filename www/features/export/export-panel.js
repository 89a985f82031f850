// What a person takes home: the structure, the numbers, and the specification that repeats the run.

import { el } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { zipFiles } from "../../components/zip.js";

/** @import { EngineError, Results, RunFiles, RunSpec, Series, Written } from "../../engine/protocol.js" */

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
    /** Those that the specification names. @type {RunFiles} */
    this.files = {};
    /** Of the present temperature. @type {RunSpec | undefined} */
    this.present = undefined;
    this.name = "run";
    /** In the names of files of one of several temperatures. */
    this.place = "";
    this.zipButton = this.#button("Specification with its files, .zip", () => this.#saveWithFiles());
    this.buttons = [
      ...FILES.map(({ what, label, ending }) => this.#button(label, () => this.#atoms(what, `${what}.${ending}`))),
      this.#button("Series, CSV", () => this.#save("series.csv", seriesCsv(this.series), "text/csv")),
      this.#button("Results, JSON", () => this.#save("results.json", json({ spec: this.present, results: this.results ?? null }), "application/json")),
      this.#button("Specification, JSON", () => this.#save("run.json", json(this.spec), "application/json", "")),
      this.zipButton,
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

  /** A new run begins. @param {RunSpec} spec @param {RunFiles} files that it names @param {string} title */
  begin(spec, files, title) {
    this.spec = spec;
    this.files = files;
    this.name = title.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "run";
    const isScan = (spec.further_temperatures_k ?? []).length > 0;
    const hasFiles = Object.keys(files).length > 0;
    this.zipButton.hidden = !hasFiles;
    this.hint.textContent = `${repeatWords(hasFiles, isScan ? "scan" : "md")}${isScan ? " The other files are of the present temperature." : ""}`;
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

  /** Under the names that the specification uses: unpacked, it finds them. */
  #saveWithFiles() {
    this.#save("run.zip", zipFiles({ ...this.files, "run.json": json(this.spec) }), "application/zip", "");
  }

  /** @param {string} name @param {string | Uint8Array} content @param {string} type @param {string} [place] */
  #save(name, content, type, place = this.place) {
    const file = `${this.name}${place}-${name}`;
    download(file, content, type);
    this.status.textContent = `Saved ${file}.`;
  }
}

/** @param {boolean} hasFiles @param {string} command */
function repeatWords(hasFiles, command) {
  const repeats = `“crucible ${command} run.json” on the command line carries out this run again, with the same settings and seed`;
  return hasFiles ? `${repeats}: the .zip holds run.json and the files that it names, to be unpacked into one folder.` : `${repeats}; run.json is the specification.`;
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
