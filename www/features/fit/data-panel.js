// The data set: files in, what is in them, and what is wrong with it.

import { el, freshId, table } from "../../components/dom.js";
import { FilesDrop, aloneOrNamed } from "../../components/files-drop.js";
import { count, significant, withSubscripts } from "../../components/format.js";

/** @import { DataFile, DataSummary, Extent, Inspected } from "../../engine/fit-protocol.js" */
/** @import { EngineError } from "../../engine/protocol.js" */

export class DataPanel {
  /** @param {() => void} changed files or species */
  constructor(changed) {
    this.drop = new FilesDrop({
      label: "Labelled configurations",
      hint: ".cfg or extended XYZ with energies in eV, forces in eV/Å and, best, stresses: PlusStress or virial in eV, or stress in eV/Å³, tension positive. Several files make one set. Drop them here or choose them.",
      accept: ".cfg,.xyz,.extxyz",
      wanted: aloneOrNamed(/\.(cfg|xyz|extxyz)$/i),
      tooLarge: "Split it into several files: they make one set.",
      changed,
    });
    const id = freshId("species");
    this.speciesInput = el("input", { id, type: "text", name: "fit-species", autocomplete: "off", placeholder: "K Ca Cl", "aria-describedby": `${id}-hint`, onchange: changed });
    this.status = el("p", { role: "status", class: "data-status" });
    this.problem = el("div", { class: "error-panel", role: "alert", hidden: true });
    this.facts = el("div", { class: "data-facts" });
    this.element = el(
      "section",
      { class: "card", "aria-labelledby": "fit-data-title" },
      el("h2", { id: "fit-data-title" }, "1. Data"),
      this.drop.element,
      el(
        "div",
        { class: "field" },
        el("label", { for: id }, "Species, in the order of the potential"),
        this.speciesInput,
        el("p", { id: `${id}-hint`, class: "field-hint" }, "Needed where files only number them, as .cfg does: “K Ca Cl” says that 0 is K, 1 is Ca and 2 is Cl. And where the fit starts from a potential whose file only counts them."),
      ),
      this.status,
      this.problem,
      this.facts,
    );
  }

  get files() {
    return this.drop.files;
  }

  get species() {
    return this.speciesInput.value.split(/[\s,;]+/).filter((name) => name !== "");
  }

  /** @param {DataFile[]} files @returns {string[]} the names that they have here */
  add(files) {
    return this.drop.add(files);
  }

  showReading() {
    this.status.textContent = "Reading…";
    this.problem.hidden = true;
  }

  /** @param {EngineError} error */
  showError({ message, hint }) {
    this.status.textContent = "";
    this.facts.replaceChildren();
    this.#showProblem("This can’t be read", [message, hint ?? ""]);
  }

  /** @param {Inspected | undefined} inspected nothing: no files */
  show(inspected) {
    this.status.textContent = "";
    this.problem.hidden = true;
    this.facts.replaceChildren();
    if (!inspected) return;
    const { summary, problem, notes } = inspected;
    if (problem) this.#showProblem("This can’t be fitted yet", [problem.message, problem.hint ?? ""]);
    else if (summary.numbered) this.#showProblem("Which elements are these?", ["The files number their species: name the elements above, in the order of the numbers from 0."]);
    this.status.textContent = headline(summary);
    this.facts.replaceChildren(...notes.map((note) => el("p", { class: "caution" }, `Note: ${sentence(note)}`)), ...factsOf(summary));
  }

  /** @param {string} title @param {string[]} lines */
  #showProblem(title, lines) {
    this.problem.replaceChildren(el("h3", {}, title), ...lines.filter((line) => line !== "").map((line) => el("p", {}, line)));
    this.problem.hidden = false;
  }
}

/** @param {string} note */
function sentence(note) {
  return /[.?!]$/.test(note) ? note : `${note}.`;
}

/** @param {DataSummary} summary */
function headline({ configurations, atoms, species }) {
  const names = species.map(({ species: name, atoms: n }) => `${name} (${count(n)})`).join(", ");
  const size = atoms ? (atoms.low === atoms.high ? `${atoms.low} ${atoms.low === 1 ? "atom" : "atoms"}` : `${atoms.low} to ${atoms.high} atoms`) : "no atoms";
  return `${count(configurations)} ${configurations === 1 ? "configuration" : "configurations"} of ${size}: ${names}.`;
}

/** @param {DataSummary} summary @returns {HTMLElement[]} */
function factsOf(summary) {
  const { labels, configurations: all } = summary;
  const stated = summary.temperature_k?.count ?? 0;
  const rows = [
    ["Labels", `${labels.energy} energies, ${labels.forces} with forces, ${labels.stress} with stress, of ${all}`],
    ...fact("Temperature", summary.temperature_k, stated < all ? `K, where stated (${stated} of ${all})` : "K", 4),
    ...fact("Energy less that of the composition", summary.energy_per_atom, "eV/atom"),
    ...fact("Forces", summary.force, "eV/Å"),
    ...fact("Pressure", summary.pressure_gpa, "GPa"),
    ...fact("Volume of an atom", summary.volume_per_atom, "Å³"),
    ...(summary.methods.length > 0 ? [["Method", summary.methods.join("; ")]] : []),
  ];
  const list = el("dl", { class: "settings" }, ...rows.map(([name = "", value = ""]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  const compositions = summary.compositions.map(({ composition, configurations }) => [formula(composition), configurations]);
  const closest = summary.closest.map(({ pair, distance, configuration }) => [pair, significant(distance, 4), configuration]);
  return [
    list,
    el(
      "div",
      { class: "table-pair" },
      table("Compositions", ["atoms in the proportion", "configurations"], compositions),
      table("Closest atoms of each pair", ["pair", "distance, Å", "configuration"], closest),
    ),
    ...outliersOf(summary),
  ];
}

/** @param {DataSummary} summary @returns {HTMLElement[]} */
function outliersOf({ outliers, duplicates }) {
  const parts = [];
  if (outliers.length > 0) {
    const rows = outliers.map(({ configuration, name, quantity, value, median, unit }) => [configuration, name ?? "–", quantity, `${significant(value, 3)} ${unit}`, significant(median, 3)]);
    parts.push(
      el("h3", {}, "Unlike the others"),
      el("p", { class: "quiet-text" }, "A mistake, or what a potential learns most from: worth a look. Hot and compressed configurations show here by right."),
      table("Outliers", ["configuration", "name", "what", "value", "typical"], rows),
    );
  }
  if (duplicates.length > 0) parts.push(table("Duplicates", ["configuration", "same as"], duplicates.map(([first, second]) => [second, first])));
  return parts;
}

/** @param {string} name @param {Extent | null} extent @param {string} unit @param {number} [digits] @returns {string[][]} */
function fact(name, extent, unit, digits = 3) {
  if (!extent) return [];
  const [low, high] = [significant(extent.low, digits), significant(extent.high, digits)];
  return [[name, low === high ? `${low} ${unit}` : `${low} to ${high} ${unit}`]];
}

/** "K1 Ca2 Cl5" as people write it: "KCa₂Cl₅"; species that are no mere symbols stay apart: "0×1 1×2". @param {string} composition */
export function formula(composition) {
  const parts = composition.split(" ");
  if (parts.some((part) => part.includes("×"))) return parts.join(" ");
  return withSubscripts(parts.map((part) => part.replace(/^([A-Za-z]+)1$/, "$1")).join(""));
}
