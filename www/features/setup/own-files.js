// A person's own potential and structure.

import { el, freshId } from "../../components/dom.js";
import { FileDrop } from "../../components/file-drop.js";

/** @import { RunFiles } from "../../engine/protocol.js" */

export class OwnFiles {
  /** @param {{ potential: () => void, structure: () => void }} changed what to do once a file was given or taken back */
  constructor(changed) {
    const speciesId = freshId("species");
    this.potentialFile = new FileDrop({
      label: "Potential",
      hint: "A Moment Tensor Potential: .mtp, .almtp or .als. Drop it here or choose it. With an active set, as in .almtp, the run also tells how far it extrapolates.",
      accept: ".mtp,.almtp,.als",
      changed: changed.potential,
    });
    this.structure = new FileDrop({
      label: "Structure (optional)",
      hint: ".cfg, .extxyz, .xyz, LAMMPS .data or POSCAR. Without one, a random melt is built from the composition.",
      accept: "",
      changed: changed.structure,
    });
    this.species = el("input", { id: speciesId, type: "text", name: "species", autocomplete: "off", placeholder: "K Ca Cl", "aria-describedby": `${speciesId}-hint` });
    this.element = el(
      "fieldset",
      { class: "form-wide" },
      el("legend", {}, "Your files"),
      this.potentialFile.element,
      el(
        "div",
        { class: "field" },
        el("label", { for: speciesId }, "Species of the potential, in its order"),
        this.species,
        el("p", { id: `${speciesId}-hint`, class: "field-hint" }, "Element symbols, such as “K Ca Cl”: as a rule the potential’s file only counts them."),
      ),
      this.structure.element,
    );
  }

  /** What keeps the files from being used. @returns {string[]} */
  faults() {
    const faults = [];
    if (!this.potentialFile.file) {
      const none = "found no file; expected one ending in .mtp, .almtp or .als.";
      faults.push(`Potential: ${this.potentialFile.fault || none}`);
    }
    const names = this.#names();
    const wrong = names.find((name) => !/^[A-Z][a-z]?[\w+-]*$/.test(name));
    if (names.length === 0) faults.push("Species: found nothing; expected an element symbol for each species of the potential, such as “K Ca Cl”.");
    if (wrong !== undefined) faults.push(`Species: found “${wrong.slice(0, 20)}”; expected an element symbol.`);
    if (this.structure.fault) faults.push(`Structure: ${this.structure.fault}`);
    return faults;
  }

  /** The potential as a specification names it; only where there are no faults. */
  potential() {
    return { kind: "mtp", file: this.potentialFile.file?.name ?? "", species: this.#names() };
  }

  /** @returns {RunFiles} */
  files() {
    const given = [this.potentialFile.file, this.structure.file].filter((file) => file !== null);
    return Object.fromEntries(given.map(({ name, bytes }) => [name, bytes]));
  }

  #names() {
    return this.species.value.split(/[\s,;]+/).filter((name) => name !== "");
  }
}
