/** One configuration's results, in eV and Å. */
export interface EvaluatedConfiguration {
  /** Name given in the .cfg, where it has one. */
  name: string | null;
  /** Number of atoms. */
  n: number;
  /** Total energy, eV. */
  energy: number;
  /** Energy of each atom's site, eV, species coefficients included. */
  site_energies: number[];
  /** Force on each atom, eV/Å: x, y, z of the first atom, then of the second, and so on. */
  forces: number[];
  /** Pressure tensor times volume (MLIP's PlusStress), eV, compression positive, row by row. */
  plus_stress_3x3: number[];
}

/** What is thrown where the input can't be used. */
export interface CrucibleError {
  /** Stable name of the kind: parse, invalid, unstable, io. */
  kind: string;
  /** Where, what was found, what was expected. */
  message: string;
  /** What to try next, where there is something. */
  hint: string | null;
}

/** Evaluates every configuration of a .cfg text under the potential of an .mtp or .almtp text. */
export function evaluate(potentialText: string, cfgText: string): Promise<{ cfgs: EvaluatedConfiguration[] }>;
