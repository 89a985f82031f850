// More labels: structures out as inputs for a code, its outputs back as a labelled data set.

import { el, freshId } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { FilesDrop, aloneOrNamed, isHidden } from "../../components/files-drop.js";
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

/** What each code is mostly used for; the others are for both. @type {Partial<Record<Code, keyof typeof ELECTRONS>>} */
const USUAL = { cp2k: "salt", gpaw: "metal" };
/** Where neither the data nor the code tell. */
const PRESET_ELECTRONS = "salt";
/** What labels by each code begin their method with. @type {[string, Code][]} */
const STATED = [["CP2K ", "cp2k"], ["GPAW ", "gpaw"], ["VASP ", "vasp"], ["Quantum ESPRESSO ", "qe"]];

/** Beside the inputs, the structure that they are of, which states their method. */
const STRUCTURE_FILE = "/structure.extxyz";
/** Label of the field that names species. */
const SPECIES_FIELD = "Species, where files number them";

/** Name of the file that labels make. */
const LABELLED = "labelled.extxyz";

/** Structures by their names. */
const STRUCTURE = /\.(cfg|xyz|extxyz|data|lmp|lammps|poscar|contcar|vasp)$|^(poscar|contcar)/i;

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
    /** Methods of the data that are loaded. @type {string[]} */
    this.methods = [];
    /** What the user chose, which nothing else changes. */
    this.chosen = { code: false, electrons: false };
    /** What is in each archive that is held: unpacked once, not at each change of a choice. @type {WeakMap<DataFile, DataFile[]>} */
    this.unpacked = new WeakMap();
    this.structures = new FilesDrop({
      label: "Structures to label",
      hint: "Extended XYZ, .cfg, LAMMPS data or POSCAR. A run of a graded potential keeps what it knows least: “Label them” there brings them here.",
      accept: "",
      wanted: aloneOrNamed(STRUCTURE),
      changed: () => {
        this.structures.showError("");
        this.#showInputs("");
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
      this.chosen.code = true;
      this.#presetElectrons();
      this.#settingsChanged();
    });
    this.electrons.input.addEventListener("change", () => {
      this.chosen.electrons = true;
      this.#settingsChanged();
    });
    this.inputsButton = el("button", { type: "button", onclick: () => void this.#inputs() }, "Download the inputs (.zip)");
    this.inputsStatus = el("p", { class: "quiet-text", role: "status" });
    this.otherMethod = el("p", { class: "caution", role: "status", hidden: true });
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
    this.title = el("h2", { id: "label-title", tabindex: -1 }, "Label more");
    this.element = el(
      "section",
      { class: "card label-panel", "aria-labelledby": "label-title" },
      this.title,
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
        el("div", { class: "field" }, el("label", { for: id }, SPECIES_FIELD), this.species, el("p", { id: `${id}-hint`, class: "field-hint" }, "In the order of the numbers.")),
      ),
      el("div", { class: "export-row" }, this.inputsButton),
      this.inputsStatus,
      this.otherMethod,
      this.command,
      this.outputs.element,
      this.failures,
      this.status,
      this.results,
    );
    this.#showCommand();
  }

  /** Takes structures from elsewhere in the page, and says so where they are now. @param {DataFile} file extended XYZ */
  add(file) {
    const [name = file.name] = this.structures.add([file]);
    const added = structuresIn(file);
    this.#showInputs(`${count(added)} ${added === 1 ? "structure" : "structures"} added as ${name}.`);
    this.title.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "start" });
  }

  /** What is added to data is labelled as they are, where nothing else was chosen. @param {string[]} methods of the data that are loaded */
  presetFor(methods) {
    this.methods = methods;
    this.#showInputs("");
    // Outputs that are here were read by what stands.
    if (this.outputs.files.length > 0) return;
    const { code } = settingsOf(methods);
    if (code && !this.chosen.code) this.code.input.value = code;
    this.#presetElectrons();
    this.#showCommand();
  }

  /** As in the data, whatever code they are by; else as the code is mostly used. What stood before does not matter. */
  #presetElectrons() {
    if (this.chosen.electrons) return;
    this.electrons.input.value = settingsOf(this.methods).electrons ?? USUAL[this.#settings.code] ?? PRESET_ELECTRONS;
  }

  #settingsChanged() {
    this.#showCommand();
    this.#showInputs("");
    void this.#collect();
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

  /** What came of the inputs. @param {string} words @param {{ path: string, text: string }[]} [written] */
  #showInputs(words, written = []) {
    this.inputsStatus.textContent = words;
    const [own] = written.filter(({ path }) => path.endsWith(STRUCTURE_FILE)).map(({ text }) => methodIn(text)).filter((method) => method !== undefined);
    const others = own === undefined ? [] : this.methods.filter((method) => method !== own);
    this.otherMethod.hidden = others.length === 0;
    this.otherMethod.textContent =
      others.length === 0 ? "" : `The data are labelled by ${others.join("; ")}; these inputs are for ${own}: labels of two methods can’t be fitted together.`;
  }

  async #inputs() {
    this.structures.showError("");
    this.#showInputs("");
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
      this.#showInputs(`Saved label-${code}.zip: ${count(folders)} ${folders === 1 ? "folder" : "folders"}.`, written);
    } catch (error) {
      this.structures.showError(readingFault(error));
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
      this.outputs.showError(readingFault(error));
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

/** The choices that lead to labels like those of the data; each only where all of them say the same. @param {string[]} methods @returns {{ code?: Code, electrons?: keyof typeof ELECTRONS }} */
function settingsOf(methods) {
  if (methods.length === 0) return {};
  const codes = new Set(methods.map((method) => STATED.find(([beginning]) => method.startsWith(beginning))?.[1]));
  // What another code's words say of the electrons is not known.
  if (codes.has(undefined)) return {};
  const [code] = codes;
  // The inputs for salts correct for dispersion, those for metals do not.
  const isSalt = methods.every((method) => method.includes("PBE-D3(BJ)"));
  const isMetal = methods.every((method) => / PBE (?!.*not checked)/.test(method));
  return { ...(codes.size === 1 && code && { code }), ...(isSalt && { electrons: "salt" }), ...(isMetal && { electrons: "metal" }) };
}

/** What is wrong with files; where they number their species, with the field that names them. @param {unknown} error */
function readingFault(error) {
  const reason = reasonOf(error);
  if (!reason.includes("expected an element's symbol")) return reason;
  return `${reason.replace(/\.?$/, ".")} Files that number their species need their names under “${SPECIES_FIELD}”.`;
}

/** Each structure of extended XYZ begins with a line that holds nothing but its number of atoms. @param {DataFile} file */
function structuresIn({ bytes }) {
  return new TextDecoder().decode(bytes).match(/^\s*\d+\s*$/gm)?.length ?? 0;
}

/** The method that a structure beside the inputs states. @param {string} text */
function methodIn(text) {
  return /^.*\bmethod="([^"]+)"/m.exec(text)?.[1];
}
