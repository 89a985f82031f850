// Errors as rows of a table, in the units of the field.

import { significant } from "../../components/format.js";

/** @import { Deviation, Errors } from "../../engine/fit-protocol.js" */

/** @type {[string, (errors: Errors) => Deviation, number][]} */
const QUANTITIES = [
  ["energy, meV/atom", (errors) => errors.energy_per_atom, 1e3],
  ["force component, meV/Å", (errors) => errors.force_component, 1e3],
  ["stress, GPa", (errors) => errors.stress_gpa, 1],
];

/** RMSE and largest error of each set, a row a quantity. @param {{ errors: Errors }[]} sets @returns {string[][]} */
export function errorRows(sets) {
  return QUANTITIES.map(([name, of, scale]) => [name, ...sets.flatMap(({ errors }) => pair(of(errors), scale))]);
}

/** RMSE and largest. @param {Deviation | undefined} deviation @param {number} scale @returns {string[]} */
export function pair(deviation, scale) {
  if (!deviation || deviation.count === 0) return ["–", "–"];
  return [significant(deviation.rms * scale, 3), significant(deviation.max * scale, 3)];
}
