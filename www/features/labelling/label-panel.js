// More labels: structures out as inputs for a code, its outputs back as a labelled data set.

import { el, freshId } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { FilesDrop, isHidden } from "../../components/files-drop.js";
import { count, reasonOf } from "../../components/format.js";
import { selectField } from "../../components/select-field.js";
import { unzip, zipTexts } from "../../components/zip.js";

/** @import { Code, Collected, DataFile, LabelSettings, Question } from "../../engine/fit-protocol.js" */

const CODES = {
  cp2k: "CP2K (for salts)",
  gpaw: "GPAW (for metals)",
  vasp: "VASP (with your POTCAR)",
  qe: "Quantum ESPRESSO (with your pseudopotentials)",
};
const ELECTRONS = { salt: "Salt: a gap, the Gamma point", metal: "Metal: smearing, 2×2×2 points" };
/** How each code is run in a folder, and what it leaves there. @type {Record<Code, string>} */
const COMMANDS = {
  cp2k: "cp2k.psmp -i cp2k.inp -o cp2k.out",
  gpaw: "python3 label.py, which leaves gpaw.extxyz",
  vasp: "vasp_std, which leaves vasprun.xml and OUTCAR",
  qe: "pw.x -in pw.in > pw.out",
};

/** Name of the file that labels make. */
const LABELLED = "labelled.extxyz";

/** Whether a file can be an output, an archive of them, or a structure beside one; what else a calculation leaves is large. @param {string} path */
function isOutput(path) {
  const file = path.slice(path.lastIndexOf("/") + 1);
  return !isHidden(path) && (/\.(out|extxyz|xml|zip)$/.test(file) || file.includes("OUTCAR"));
}

/** @param {string} path */
function isArchive(path) {
  return path.endsWith(".zip");
}

export class LabelPanel {
  /**
   * @param {<T>(question: Question) => Promise<T>} ask
   * @param {(files: DataFile[]) => string[]} addToData takes labels, to be fitted to; returns the names that they have there
   */
  constructor(ask, addToData) {
    this.ask = ask;
    this.addToData = addToData;
    /** @type {Collected | undefined} */
    this.collected = undefined;
    /** The latest reading of outputs; earlier ones that answer late are not shown. */
    this.collection = 0;
    /** What is in each archive that is held: unpacked once, not at each change of a choice. @type {WeakMap<DataFile, DataFile[]>} */
    this.unpacked = new WeakMap();
    this.structures = new FilesDrop({
      label: "Structures to label",
      hint: "Extended XYZ, .cfg, LAMMPS data or POSCAR. A run of a graded potential keeps what it knows least: “Label them” there brings them here.",
      accept: "",
      changed: () => {
        this.structures.showError("");
        this.inputsStatus.textContent = "";
        void this.#collect();
      },
    });
    const id = freshId("species");
    this.species = el("input", { id, type: "text", name: "label-species", autocomplete: "off", placeholder: "K Ca Cl", "aria-describedby": `${id}-hint`, onchange: () => void this.#collect() });
    this.code = selectField("Code", CODES, "cp2k");
    this.code.input.name = "label-code";
    this.electrons = selectField("Electrons", ELECTRONS, "salt");
    this.command = el("p", { class: "field-hint" });
    this.code.input.addEventListener("change", () => {
      this.#showCommand();
      void this.#collect();
    });
    this.electrons.input.addEventListener("change", () => void this.#collect());
    this.inputsButton = el("button", { type: "button", onclick: () => void this.#inputs() }, "Download the inputs (.zip)");
    this.inputsStatus = el("p", { class: "quiet-text", role: "status" });
    this.outputs = new FilesDrop({
      label: "Outputs of the code",
      hint: "The folder, or a .zip of it, with the outputs in it; or single outputs named after their structures, such as melt-3.out.",
      accept: "",
      folders: true,
      wanted: isOutput,
      changed: () => void this.#collect(),
    });
    this.status = el("p", { role: "status" });
    this.failures = el("div", { class: "error-panel", role: "alert", hidden: true });
    const save = (/** @type {string} */ file) => el("button", { type: "button", class: "small", onclick: () => void this.#save(file) }, `Labels, ${file.endsWith("cfg") ? ".cfg" : "extended XYZ"}`);
    this.results = el(
      "div",
      { class: "export-row", hidden: true },
      el("button", { type: "button", class: "primary small", onclick: () => this.#add() }, "Add them to the data"),
      save(LABELLED),
      save("labelled.cfg"),
    );
    this.element = el(
      "section",
      { class: "card label-panel", "aria-labelledby": "label-title" },
      el("h2", { id: "label-title" }, "Label more"),
      el(
        "p",
        { class: "quiet-text" },
        "A label is what density-functional theory says of a structure: its energy, forces and stress. Computing it takes minutes to hours and a code of its own; this page writes the inputs and reads the outputs.",
      ),
      this.structures.element,
      el(
        "div",
        { class: "label-choices" },
        this.code.element,
        this.electrons.element,
        el("div", { class: "field" }, el("label", { for: id }, "Species, where files number them"), this.species, el("p", { id: `${id}-hint`, class: "field-hint" }, "In the order of the numbers.")),
      ),
      el("div", { class: "export-row" }, this.inputsButton),
      this.inputsStatus,
      this.command,
      this.outputs.element,
      this.failures,
      this.status,
      this.results,
    );
    this.#showCommand();
  }

  /** @param {DataFile} file */
  add(file) {
    this.structures.add([file]);
    this.element.scrollIntoView({ block: "start" });
  }

  /** @returns {LabelSettings} */
  get #settings() {
    return { code: /** @type {Code} */ (this.code.input.value), metal: this.electrons.input.value === "metal" };
  }

  get #names() {
    return this.species.value.split(/[\s,;]+/).filter((name) => name !== "");
  }

  #showCommand() {
    this.command.textContent = `One folder a structure. In each, run ${COMMANDS[this.#settings.code]}. Labels by two codes or settings never go into one fit: their energies have different zeros.`;
  }

  async #inputs() {
    this.structures.showError("");
    this.inputsStatus.textContent = "";
    const { files } = this.structures;
    if (files.length === 0) {
      this.structures.showError("Structures: found none; expected at least one file.");
      return;
    }
    const settings = this.#settings;
    const { code } = settings;
    try {
      /** @type {{ path: string, text: string }[]} */
      const written = await this.ask({ what: "label-inputs", files, species: this.#names, settings });
      const folders = new Set(written.map(({ path }) => path.split("/")[0])).size;
      download(`label-${code}.zip`, zipTexts(written), "application/zip");
      this.inputsStatus.textContent = `Saved label-${code}.zip: ${count(folders)} ${folders === 1 ? "folder" : "folders"}.`;
    } catch (error) {
      this.structures.showError(reasonOf(error));
    }
  }

  /** Reads the outputs as files and choices are now. */
  async #collect() {
    const collection = ++this.collection;
    this.collected = undefined;
    this.results.hidden = true;
    this.status.textContent = "";
    this.#showFailures([]);
    this.outputs.showError("");
    const { files } = this.outputs;
    if (files.length === 0) return;
    this.status.textContent = "Reading…";
    try {
      const outputs = files.flatMap((file) => (isArchive(file.name) ? this.#contentOf(file) : [file]));
      /** @type {Collected} */
      const collected = await this.ask({ what: "label-outputs", outputs, files: this.structures.files, species: this.#names, settings: this.#settings });
      if (collection !== this.collection) return;
      this.collected = collected;
      this.status.textContent = `${count(collected.labelled)} labelled, ${count(collected.failures.length)} failed.`;
      this.results.hidden = collected.labelled === 0;
      this.#showFailures(collected.failures);
    } catch (error) {
      if (collection !== this.collection) return;
      this.status.textContent = "";
      this.outputs.showError(reasonOf(error));
    }
  }

  /** @param {DataFile} archive @returns {DataFile[]} */
  #contentOf(archive) {
    const known = this.unpacked.get(archive);
    if (known) return known;
    const content = unzip(archive.name, archive.bytes, (path) => isOutput(path) && !isArchive(path));
    this.unpacked.set(archive, content);
    return content;
  }

  /** @param {string[]} failures */
  #showFailures(failures) {
    this.failures.hidden = failures.length === 0;
    this.failures.replaceChildren(el("h3", {}, "Without a label"), ...failures.slice(0, 10).map((text) => el("p", {}, text)), ...(failures.length > 10 ? [el("p", {}, `and ${failures.length - 10} more`)] : []));
  }

  #add() {
    if (!this.collected) return;
    const names = this.addToData([this.#labelled(this.collected)]);
    this.status.textContent = `Added to the data above as ${names.join(", ")}.`;
  }

  /** @param {string} file */
  async #save(file) {
    const { collected } = this;
    if (!collected) return;
    if (file === LABELLED) {
      download(file, collected.text, "text/plain");
      return;
    }
    const names = this.#names.length > 0 ? this.#names : collected.species;
    try {
      /** @type {string} */
      const text = await this.ask({ what: "convert", files: [this.#labelled(collected)], species: names, file });
      download(file, text, "text/plain");
      const numbers = names.length > 0 ? `, where ${names.map((name, number) => `${number} is ${name}`).join(", ")}` : "";
      this.status.textContent = `Saved ${file}${numbers}.`;
    } catch (error) {
      this.status.textContent = reasonOf(error);
    }
  }

  /** @param {Collected} collected @returns {DataFile} */
  #labelled({ text }) {
    return { name: LABELLED, bytes: new TextEncoder().encode(text) };
  }
}
