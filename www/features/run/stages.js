// The stages of a run in a reader's words.

import { kelvin } from "../../components/format.js";

/** @import { ScanPlace } from "../../engine/protocol.js" */

/** @type {Readonly<Record<string, { name: string, about: string }>>} */
const STAGES = {
  loading: { name: "Loading", about: "Fetching the engine and building the structure." },
  soften: { name: "Relaxing", about: "Pushing atoms apart that were placed too close." },
  relax: { name: "Relaxing", about: "Finding a nearby arrangement without strong forces." },
  "warm-up": { name: "Warming up", about: "Bringing the atoms gently to their temperature." },
  equilibrate: { name: "Equilibrating", about: "Forgetting how it was built; not measured yet." },
  density: { name: "Sampling the density", about: "Measuring under pressure: density, expansion, compressibility, heat capacity. What moves comes next, at the mean volume." },
  production: { name: "Sampling", about: "Measuring: the averages below come from this." },
  finished: { name: "Finished", about: "The planned time is simulated." },
};

/** @param {string} stage */
export function stageWords(stage) {
  return STAGES[stage] ?? { name: stage, about: "" };
}

/** Which of several temperatures a run is at. @param {ScanPlace} place */
export function placeWords({ index, count, temperature_k }) {
  return `${kelvin(temperature_k)} (${index + 1} of ${count})`;
}
