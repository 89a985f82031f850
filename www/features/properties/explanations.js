// What each property means, and why its error is what it is, in plain words.

/** @type {Record<string, { meaning: string, error: string }>} */
const WORDS = {
  density: {
    meaning: "Mass per volume at the pressure that was set. It is a prediction of the potential, not an input.",
    error: "The volume breathes slowly: samples closer together than a picosecond or so tell the same story, and blocks of time are compared instead.",
  },
  "density-slope": { meaning: "By how much the liquid gets lighter for each kelvin: the slope of a line through its densities.", error: "" },
  "molar-volume": { meaning: "The volume that one mole of formula units takes.", error: "As for the density: from blocks of time long enough to be independent." },
  enthalpy: {
    meaning: "Energy plus pressure times volume of one mole. Its zero is the potential's own: only differences mean something.",
    error: "As for the density: from blocks of time long enough to be independent.",
  },
  "thermal-expansion": {
    meaning: "By what fraction the volume grows for each kelvin at constant pressure.",
    error: "Taken from how volume and enthalpy fluctuate together. Fluctuations need many more independent samples than averages.",
  },
  compressibility: {
    meaning: "By what fraction the volume shrinks for each unit of pressure.",
    error: "From the fluctuations of the volume, so it needs a long run; blocks are left out in turn to see how much they matter.",
  },
  "heat-capacity-cp": {
    meaning: "The heat that one mole takes up for each kelvin at constant pressure.",
    error: "From the fluctuations of the enthalpy, which converge slowly; a scan over temperatures gives it more precisely from the slope.",
  },
  "heat-capacity-cv": {
    meaning: "The heat that one mole takes up for each kelvin at constant volume.",
    error: "From fluctuations: of the energy, or at constant energy of the part of it that is motion. Blocks are left out in turn to see how much they matter.",
  },
  "self-diffusion": {
    meaning: "How fast atoms of a species wander: the mean-square displacement grows like 6 D t once they have forgotten where they came from.",
    error: "Stretches of the trajectory that overlap repeat each other, so the error comes from independent ones. A small box slows atoms down; the correction for that is a route of its own.",
  },
  "shear-viscosity": {
    meaning: "The resistance of the liquid to being sheared: how long a stress that arises by chance lives on.",
    error: "The running integral collects noise for ever: where it is cut, or how much the spectrum is smoothed, decides both value and error. Five independent components of the stress are compared.",
  },
  "bulk-viscosity": {
    meaning: "The resistance of the liquid to being compressed quickly, from how long fluctuations of the pressure live on.",
    error: "Only one component exists, where shear has five, so it needs a run several times as long.",
  },
  "ionic-conductivity": {
    meaning: "How well the melt conducts. Nernst–Einstein lets every ion move on its own; the collective routes know that neighbours move together.",
    error: "All ions together give one current, three components of it: one number where diffusion has as many as there are ions.",
  },
  "haven-ratio": {
    meaning: "Conductivity of ions that move on their own, over the true one. Above 1, ions of opposite charge move together and carry no current.",
    error: "A ratio: the errors of both conductivities add up.",
  },
  mobility: { meaning: "The drift velocity of an ion in an electric field of unit strength.", error: "It comes from the same currents as the conductivity, and is as noisy." },
  "transport-number": {
    meaning: "The share of the current that a species carries. It depends on the frame of reference, which the settings state.",
    error: "It comes from the same currents as the conductivity, and is as noisy.",
  },
  "thermal-conductivity": {
    meaning: "How much heat flows down a gradient of temperature. In a mixture the part that diffusing atoms carry along is taken out.",
    error: "The heat flux is the noisiest of all. Where its integral is cut, or how much its spectrum is smoothed, is chosen by the data.",
  },
  "thermal-conductivity-slope": { meaning: "By how much the thermal conductivity changes for each kelvin: the slope of a line through its values.", error: "" },
  "activation-energy": {
    meaning: "The barrier that atoms climb: how steeply the property’s logarithm changes with 1/T. A liquid that follows Arrhenius’ law has one.",
    error: "From the errors of the values at each temperature: a wider range tells it better than longer runs do.",
  },
  "vibrational-dos": { meaning: "At which frequencies atoms of a species rattle in their cages.", error: "A curve, with an error band from stretches of the run; it has no one value. At zero frequency it is proportional to the diffusion coefficient." },
  "structure-factor": {
    meaning: "What a neutron or X-ray diffractometer sees of the liquid: order in the space of wave vectors.",
    error: "Computed from the wave vectors that the box allows; short ones are few, and noisy.",
  },
  "bond-angle": {
    meaning: "The angles between neighbours in the first shell: the shape of the complexes.",
    error: "Complexes live for picoseconds: blocks of time that are longer than that are compared.",
  },
  "coordination-distribution": {
    meaning: "How often an atom has 4, 5, 6, … neighbours in its first shell, and how many on average.",
    error: "Neighbours stay for picoseconds: blocks of time that are longer than that are compared.",
  },
  "pmf-barrier": {
    meaning: "The free energy that a neighbour must pay to leave the first shell, W(r) = −kT ln g(r): first minimum less first maximum.",
    error: "From the errors of g(r) at its first peak and its first minimum.",
  },
  "residence-time": { meaning: "How long a neighbour stays in the first shell.", error: "From how many neighbours are still there after a time t, over independent stretches." },
  "cluster-size": {
    meaning: "How many atoms hang together through shared neighbours, as one of them sees it: large clusters count by their size.",
    error: "Clusters grow and break slowly: blocks of time that are long enough to be independent are compared.",
  },
  "largest-cluster": {
    meaning: "The share of a species that belongs to the largest cluster of all.",
    error: "Clusters grow and break slowly: blocks of time that are long enough to be independent are compared.",
  },
  percolation: {
    meaning: "How often a cluster goes all the way around the periodic box, and so has no end: the melt is then a network.",
    error: "A frame has such a cluster or not: the error is that of a share, over blocks of time.",
  },
  bridging: {
    meaning: "The share of ions that have two ions of the other sign as neighbours at once, and so hold them together.",
    error: "From blocks of time: an ion that bridges now still does for as long as its neighbours stay.",
  },
};

/** Parts of the table, in its order, and the properties that each begins with; the last takes all others. */
const SECTIONS = [
  { title: "Volume and heat", ids: ["density", "density-slope", "molar-volume", "enthalpy", "thermal-expansion", "compressibility", "heat-capacity-cp", "heat-capacity-cv"] },
  { title: "Motion of atoms", ids: ["self-diffusion", "vibrational-dos"] },
  { title: "Flow", ids: ["shear-viscosity", "bulk-viscosity"] },
  { title: "Electric current", ids: ["ionic-conductivity", "haven-ratio", "mobility", "transport-number"] },
  { title: "Flow of heat", ids: ["thermal-conductivity", "thermal-conductivity-slope"] },
  { title: "Barriers", ids: ["activation-energy"] },
  { title: "Surroundings of atoms", ids: [] },
];

/** Titles of the table's parts. */
export const SECTION_TITLES = SECTIONS.map(({ title }) => title);

/** The part that a property belongs to, as an index. @param {string} id */
export function sectionOf(id) {
  const found = SECTIONS.findIndex(({ ids }) => ids.includes(id));
  return found < 0 ? SECTIONS.length - 1 : found;
}

const SLOPE_ERROR = "From the errors of the values at each temperature: a wider range tells a slope better than longer runs do.";

/** @param {{ id: string, route: string }} property */
export function wordsFor({ id, route }) {
  const words = WORDS[id] ?? { meaning: "", error: "" };
  return route.startsWith("temperature scan") ? { ...words, error: SLOPE_ERROR } : words;
}
