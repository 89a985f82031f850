// The files of an analysis, and what they do not say themselves.

import { el, freshId } from "../../components/dom.js";
import { FileDrop } from "../../components/file-drop.js";
import { NumberField } from "../../components/number-field.js";
import { selectField } from "../../components/select-field.js";

/** @import { AnalysisRequest } from "../../engine/analysis-worker.js" */

const UNITS = { "": "As the log says", metal: "LAMMPS metal (bar, eV, ps)", real: "LAMMPS real (atm, kcal/mol, fs)" };

export class AnalyzeForm {
  /** @param {(request: Omit<AnalysisRequest, "threads">) => void} analyze */
  constructor(analyze) {
    this.analyze = analyze;
    this.trajectory = new FileDrop({
      label: "Trajectory",
      hint: "A LAMMPS dump (with a column id; velocities in units metal, or with dump_modify units yes), extended XYZ or XDATCAR, of any size, with velocities or without.",
      accept: "",
      changed: () => {},
      unread: true,
    });
    this.log = new FileDrop({
      label: "Log of stress and heat flux (optional)",
      hint: "A LAMMPS log, the file of a fix ave/time, or columns below a header: Step or Time, Pxx Pyy Pzz Pxy Pxz Pyz, c_flux[1] to c_flux[3]. For viscosities and thermal conductivity; with Temp, Volume and TotEng for heat capacities too.",
      accept: "",
      changed: () => {},
      unread: true,
    });
    this.fields = {
      timestep: optional("timestep", "Timestep", "fs", 1e-3, 100, "Where a file only numbers its steps."),
      interval: optional("interval", "Time between frames", "fs", 1e-3, 1e7, "Where the trajectory has neither times nor steps (XDATCAR)."),
      temperature: optional("temperature", "Temperature", "K", 1, 1e5, "Where neither velocities nor the log tell it."),
      skip: new NumberField({ name: "skip", label: "Frames to leave out", min: 0, max: 1e9, value: 0, integer: true, hint: "At the start." }),
      logSkip: new NumberField({ name: "log-skip", label: "Rows of the log to leave out", min: 0, max: 1e9, value: 0, integer: true, hint: "At the start." }),
    };
    this.elements = words("elements", "Elements of numbered types", "Na Cl", "In the order of their numbers, where the file has no names.");
    this.charges = words("charges", "Charges", "Na=1 Cl=-1", "In e, for conductivity; else those of the file, else formal charges.");
    this.units = selectField("Units of the log", UNITS, "");
    this.errors = el("div", { class: "error-panel form-wide", role: "alert", tabindex: -1, hidden: true });
    this.button = el("button", { type: "submit", class: "primary" }, "Analyze");
    const { fields } = this;
    this.element = el(
      "form",
      { class: "setup-form analyze-form", novalidate: true },
      this.errors,
      group("Files", this.trajectory.element, this.log.element),
      group("What the trajectory lacks", this.elements.element, this.charges.element, fields.timestep.element, fields.interval.element, fields.temperature.element),
      group("Choices", fields.skip.element, fields.logSkip.element, this.units.element),
      el("div", { class: "form-actions" }, this.button),
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** @param {string[]} messages */
  showErrors(messages) {
    this.errors.replaceChildren(el("h2", {}, "This can’t be analysed yet"), ...messages.map((text) => el("p", {}, text)));
    this.errors.hidden = false;
    this.errors.focus();
    this.errors.scrollIntoView({ block: "nearest" });
  }

  #submit() {
    const { fields } = this;
    const faults = Object.values(fields).flatMap((field) => (field.check() ? [] : [field.error.textContent ?? ""]));
    const charges = chargesIn(this.charges.input.value);
    if (typeof charges === "string") faults.unshift(charges);
    const trajectory = this.trajectory.source;
    if (!trajectory) faults.unshift("Trajectory: found no file; expected a LAMMPS dump, extended XYZ or XDATCAR.");
    if (!trajectory || typeof charges === "string" || faults.length > 0) {
      this.showErrors(faults);
      return;
    }
    this.errors.hidden = true;
    const timestep_fs = valueOf(fields.timestep);
    this.analyze({
      trajectory,
      log: this.log.source,
      settings: {
        interval_fs: valueOf(fields.interval),
        timestep_fs,
        elements: this.elements.input.value.split(/[\s,;]+/).filter((name) => name !== ""),
        charges,
        temperature_k: valueOf(fields.temperature),
        skip: fields.skip.value,
      },
      logSettings: { units: this.units.input.value || null, timestep_fs, skip: fields.logSkip.value },
    });
  }
}

/** @param {string} name @param {string} label @param {string} unit @param {number} min @param {number} max @param {string} hint */
function optional(name, label, unit, min, max, hint) {
  return new NumberField({ name, label, unit, min, max, value: undefined, optional: true, hint });
}

/** @param {NumberField} field */
function valueOf(field) {
  return field.isEmpty ? null : field.value;
}

/** @param {string} name @param {string} label @param {string} placeholder @param {string} hint */
function words(name, label, placeholder, hint) {
  const id = freshId(name);
  const input = el("input", { id, name, type: "text", autocomplete: "off", placeholder, "aria-describedby": `${id}-hint` });
  return { input, element: el("div", { class: "field" }, el("label", { for: id }, label), input, el("p", { id: `${id}-hint`, class: "field-hint" }, hint)) };
}

/** @param {string} title @param {...Node} children */
function group(title, ...children) {
  return el("fieldset", {}, el("legend", {}, title), ...children);
}

/** Charges by species, or what is wrong with them. @param {string} text @returns {Record<string, number> | string} */
function chargesIn(text) {
  /** @type {Record<string, number>} */
  const charges = {};
  for (const entry of text.split(/[\s,;]+/).filter((word) => word !== "")) {
    const [, name, charge] = /^([\w+-]+)=([+-]?(?:\d+\.?\d*|\.\d+))$/.exec(entry) ?? [];
    if (name === undefined || charge === undefined) return `Charges: found “${entry.slice(0, 40)}”; expected NAME=CHARGE, such as Cl=-1.`;
    charges[name] = Number(charge);
  }
  return charges;
}
