// Colour and display radius of an element.
//
// Hues follow the common colouring of elements where it can be told apart without red-green vision; elements that meet
// in one melt differ in lightness and in size as well, so that no pair is told apart by hue alone.

/**
 * @typedef {object} ElementStyle
 * @property {string} color sRGB, `#rrggbb`
 * @property {number} radius display radius, Å: about half of the ionic or metallic radius
 */

/** @type {Readonly<Record<string, ElementStyle>>} */
const STYLES = {
  H: { color: "#e8ecef", radius: 0.45 },
  Li: { color: "#d486b8", radius: 0.5 },
  Be: { color: "#c2d66b", radius: 0.4 },
  B: { color: "#e0a08c", radius: 0.45 },
  C: { color: "#5b6570", radius: 0.55 },
  N: { color: "#4a6fd8", radius: 0.6 },
  O: { color: "#d8412f", radius: 0.75 },
  F: { color: "#8fd8c4", radius: 0.75 },
  Ne: { color: "#f0b27a", radius: 0.85 },
  Na: { color: "#5a7fe0", radius: 0.65 },
  Mg: { color: "#2f8f5b", radius: 0.5 },
  Al: { color: "#a9b3c1", radius: 0.55 },
  Si: { color: "#d8b26a", radius: 0.6 },
  S: { color: "#e6d23a", radius: 0.9 },
  Cl: { color: "#c6d957", radius: 0.95 },
  Ar: { color: "#56b4d9", radius: 1.0 },
  K: { color: "#7a58c9", radius: 0.8 },
  Ca: { color: "#d9622b", radius: 0.62 },
  Ti: { color: "#8c97a8", radius: 0.6 },
  Fe: { color: "#b7552e", radius: 0.65 },
  Ni: { color: "#4f9e77", radius: 0.62 },
  Cu: { color: "#1f8f86", radius: 0.68 },
  Zn: { color: "#7d80b0", radius: 0.62 },
  Br: { color: "#a3402c", radius: 1.0 },
  Rb: { color: "#5e3aa6", radius: 0.9 },
  Sr: { color: "#39a05a", radius: 0.72 },
  Zr: { color: "#6fb7bd", radius: 0.65 },
  Ag: { color: "#b9c2cc", radius: 0.75 },
  I: { color: "#7b3f98", radius: 1.1 },
  Cs: { color: "#46247d", radius: 1.0 },
  Ba: { color: "#1f7a3f", radius: 0.8 },
  Au: { color: "#e0b93a", radius: 0.75 },
  U: { color: "#3d9bd1", radius: 0.65 },
};

/** For labels that are no element: the palette of Okabe and Ito, which stays apart without red-green vision. */
const FALLBACK = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8a8f98"];

/**
 * Style of the species `name`; `index` picks a colour for names that are no element known here.
 * @param {string} name
 * @param {number} index
 * @returns {ElementStyle}
 */
export function elementStyle(name, index) {
  const symbol = /^[A-Z][a-z]?/.exec(name)?.[0] ?? "";
  return STYLES[name] ?? STYLES[symbol] ?? { color: FALLBACK[index % FALLBACK.length] ?? "#888888", radius: 0.75 };
}
