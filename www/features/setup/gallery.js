// The gallery: one card a liquid, and one for files of one's own.

import { el } from "../../components/dom.js";
import { count, withSubscripts } from "../../components/format.js";
import { elementStyle } from "../atoms-view/elements.js";
import { OWN_FILES, elementsOf } from "./presets.js";

/** @import { Preset } from "./presets.js" */

/**
 * @param {HTMLElement} list
 * @param {Preset[]} presets
 * @param {(preset: Preset) => void} choose
 */
export function showGallery(list, presets, choose) {
  list.replaceChildren(...[...presets, OWN_FILES].map((preset) => el("li", {}, card(preset, choose))));
}

/** @param {Preset} preset @param {(preset: Preset) => void} choose */
function card(preset, choose) {
  return el(
    "button",
    { type: "button", class: "gallery-card", "data-preset": preset.name, onclick: () => choose(preset) },
    picture(preset),
    el("span", { class: "title" }, withSubscripts(preset.title)),
    el("span", { class: "about" }, withSubscripts(preset.description)),
    el("span", { class: "facts" }, facts(preset)),
  );
}

/** @param {Preset} preset */
function facts(preset) {
  if (preset === OWN_FILES) return ".mtp, .almtp · .cfg, .extxyz, LAMMPS data, POSCAR";
  const { structure, temperature_k: temperature } = preset.spec;
  const atoms = structure.atoms ? `${count(structure.atoms)} atoms · ` : "";
  return `${atoms}${temperature} K`;
}

/** @param {Preset} preset */
function picture(preset) {
  const row = el("span", { class: "atoms-row", "aria-hidden": "true" });
  const names = preset === OWN_FILES ? ["?", "?", "?"] : elementsOf(preset);
  names.forEach((name, index) => {
    const { color, radius } = elementStyle(name, index);
    const dot = el("span", { class: "atom-dot" });
    const size = `${Math.round(20 + 22 * radius)}px`;
    dot.style.width = size;
    dot.style.height = size;
    dot.style.backgroundColor = color;
    row.append(dot);
  });
  return row;
}
