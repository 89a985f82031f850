// The gallery's entries, as the site carries them.

/** @import { RunFiles, RunSpec } from "../../engine/protocol.js" */

/**
 * A run with its story; see `run::Preset` in the engine.
 * @typedef {object} Preset
 * @property {string} name
 * @property {string} title
 * @property {string} description
 * @property {string[]} files below `potentials/`
 * @property {RunSpec} spec
 */

const POTENTIALS = new URL("../../potentials/", import.meta.url);

/** @returns {Promise<Preset[]>} */
export async function loadPresets() {
  const response = await fetch(new URL("gallery.json", POTENTIALS));
  if (!response.ok) throw new Error(`gallery.json: the server answered ${response.status}`);
  return response.json();
}

/**
 * The files that a preset's run needs, by the names that its specification uses.
 * @param {Preset} preset
 * @returns {Promise<RunFiles>}
 */
export async function loadFiles(preset) {
  const entries = preset.files.map(async (name) => {
    const response = await fetch(new URL(name, POTENTIALS));
    if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
    return /** @type {const} */ ([name, new Uint8Array(await response.arrayBuffer())]);
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** What a person who brings files of their own starts from. @type {Preset} */
export const OWN_FILES = {
  name: "own",
  title: "Your own potential",
  description:
    "Bring a Moment Tensor Potential (.mtp or .almtp) and a structure, or let a random melt be built from a composition. The files stay on this machine.",
  files: [],
  spec: {
    schema: 1,
    potential: { kind: "mtp", file: "", species: [] },
    structure: { kind: "melt", composition: { KCl: 1 }, atoms: 216 },
    temperature_k: 1100,
    pressure_gpa: 0,
    timestep_fs: 2,
    seed: 1,
    equilibrate: { ensemble: "npt", time_ps: 10 },
    density: { time_ps: 20 },
    production: { ensemble: "nvt", time_ps: 50 },
  },
};

/** Names of the elements in a preset's structure, for its picture. @param {Preset} preset @returns {string[]} */
export function elementsOf({ spec }) {
  const { structure, potential } = spec;
  const formulas = structure.kind === "melt" ? Object.keys(structure.composition) : (structure.elements ?? potential.species ?? []);
  const symbols = formulas.flatMap((/** @type {string} */ formula) => formula.match(/[A-Z][a-z]?/g) ?? []);
  return [...new Set(symbols)];
}
