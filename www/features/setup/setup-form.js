// From a gallery entry to the specification of a run.

import { el } from "../../components/dom.js";
import { NumberField } from "../../components/number-field.js";
import { selectField, threadsField } from "../../components/select-field.js";
import { CompositionEditor } from "./composition-editor.js";
import { ExtrapolationFields, hasActiveSet } from "./extrapolation-fields.js";
import { OwnFiles } from "./own-files.js";
import { TemperatureList } from "./temperature-list.js";

/** @import { EngineError, RunFiles, RunSpec } from "../../engine/protocol.js" */
/** @import { Preset } from "./presets.js" */

/** What Run asks for. @typedef {{ spec: RunSpec, files: RunFiles, threads: number }} RunRequest */

/** Most atoms that the page takes; the command line takes more. */
const MAX_ATOMS = 50_000;

/** Two stages that are measured: what fluctuates with the volume needs pressure, what flows needs a fixed volume. */
const DENSITY_THEN_TRANSPORT = "npt-nvt";
const PLANS = {
  [DENSITY_THEN_TRANSPORT]: "NPT for the density, then NVT for transport",
  npt: "NPT: constant pressure",
  nvt: "NVT: constant volume",
  nve: "NVE: constant energy",
};
const PLANS_ABOUT =
  "NPT holds temperature and pressure: density, expansion and compressibility come out. Diffusion, viscosity and conductivities need a fixed volume: NVT, best at the mean volume that NPT found. NVE controls nothing.";
const THERMOSTATS = {
  "stochastic-rescaling": "Stochastic velocity rescaling (Bussi)",
  "nose-hoover": "Nosé–Hoover chain",
  langevin: "Langevin",
};
const BAROSTATS = {
  "stochastic-cell-rescaling": "Stochastic cell rescaling (Bernetti–Bussi)",
  mtk: "Martyna–Tobias–Klein",
};

export class SetupForm {
  /**
   * @param {Preset} preset
   * @param {{ own: boolean, threadsAvailable: number, run: (request: RunRequest) => void }} options
   */
  constructor(preset, { own, threadsAvailable, run }) {
    this.preset = preset;
    this.own = own ? new OwnFiles({ potential: () => this.#potentialChanged(), structure: () => this.#structureChanged() }) : undefined;
    this.run = run;
    const { spec } = preset;
    this.fields = numberFields(spec);
    this.further = new TemperatureList(spec.further_temperatures_k ?? [], () => this.fields.temperature.value);
    this.composition = spec.structure.kind === "melt" ? new CompositionEditor(spec.structure.composition) : undefined;
    this.ensemble = selectField("What is held", PLANS, spec.density ? DENSITY_THEN_TRANSPORT : (spec.production?.ensemble ?? "npt"), PLANS_ABOUT);
    this.ensemble.input.name = "plan";
    this.ensemble.input.addEventListener("change", () => this.#planChanged());
    this.thermostat = selectField("Thermostat", THERMOSTATS, spec.thermostat?.kind ?? "stochastic-rescaling");
    this.barostat = selectField("Barostat", BAROSTATS, spec.barostat?.kind ?? "stochastic-cell-rescaling");
    this.extrapolation = new ExtrapolationFields(spec.extrapolation, preset.files.some((file) => file.endsWith(".almtp")));
    this.threads = threadsField(threadsAvailable);
    this.liquid = group("Liquid", ...(this.composition ? [this.composition.element] : []), this.fields.atoms.element, this.fields.density.element);
    this.errors = el("div", { class: "error-panel form-wide", role: "alert", tabindex: -1, hidden: true });
    this.element = this.#layout();
    this.#planChanged();
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Shows what the engine refused. @param {EngineError} error */
  showError({ message, hint }) {
    this.#showErrors([message], hint ?? "");
  }

  #layout() {
    const { fields } = this;
    return el(
      "form",
      { class: "setup-form", novalidate: true },
      this.errors,
      ...(this.own ? [this.own.element] : []),
      ...(this.composition ? [this.liquid] : []),
      group("Conditions", fields.temperature.element, this.further.element, this.ensemble.element, fields.pressure.element),
      group("Time", fields.timestep.element, fields.equilibration.element, fields.atPressure.element, fields.production.element),
      group(
        "Computation",
        this.threads.element,
        fields.seed.element,
        el("details", {}, el("summary", {}, "Thermostat and barostat"), this.thermostat.element, this.barostat.element),
        this.extrapolation.element,
      ),
      el("div", { class: "form-actions" }, el("button", { type: "submit", class: "primary" }, "Run")),
    );
  }

  /** Only the plan of two stages has a time for the first. */
  #planChanged() {
    this.fields.atPressure.element.hidden = !this.#hasTwoStages();
  }

  #hasTwoStages() {
    return this.ensemble.input.value === DENSITY_THEN_TRANSPORT;
  }

  #potentialChanged() {
    const bytes = this.own?.potentialFile.file?.bytes;
    this.extrapolation.setActive(bytes !== undefined && hasActiveSet(bytes));
  }

  /** A structure of one's own takes the place of the melt. */
  #structureChanged() {
    this.liquid.hidden = !this.#buildsMelt();
  }

  /** Fields that count for the present choices. */
  #active() {
    const { atoms, density, atPressure, ...always } = this.fields;
    const melt = this.#buildsMelt() ? [atoms, density] : [];
    const stage = this.#hasTwoStages() ? [atPressure] : [];
    const grades = this.extrapolation.isActive ? this.extrapolation.fields : [];
    return [...melt, ...stage, ...Object.values(always), ...grades];
  }

  #buildsMelt() {
    return this.composition !== undefined && !this.own?.structure.file;
  }

  #submit() {
    const checks = [
      ...[...this.#active(), this.further].map((field) => ({ valid: field.check(), message: field.error })),
      ...(this.composition && this.#buildsMelt() ? [{ valid: this.composition.check(), message: this.composition.error }] : []),
    ];
    const faults = checks.filter(({ valid }) => !valid).map(({ message }) => message.textContent ?? "");
    if (this.own) faults.unshift(...this.own.faults());
    if (faults.length > 0) {
      this.extrapolation.reveal();
      this.#showErrors(faults);
      return;
    }
    this.errors.hidden = true;
    this.run({ spec: this.#spec(), files: this.own?.files() ?? {}, threads: Number(this.threads.input.value) });
  }

  /** @returns {RunSpec} */
  #spec() {
    const { spec } = this.preset;
    const { fields } = this;
    const extrapolation = this.extrapolation.value;
    const two = this.#hasTwoStages();
    const ensemble = two ? "nvt" : this.ensemble.input.value;
    // What is measured without a thermostat is equilibrated with one.
    const start = two ? "npt" : ensemble === "nve" ? "nvt" : ensemble;
    return {
      ...spec,
      ...(this.own ? { potential: this.own.potential() } : {}),
      structure: this.#structure(),
      temperature_k: fields.temperature.value,
      further_temperatures_k: this.further.value,
      pressure_gpa: fields.pressure.value,
      timestep_fs: fields.timestep.value,
      seed: fields.seed.value,
      equilibrate: { ...spec.equilibrate, ensemble: start, time_ps: fields.equilibration.value },
      density: two ? { time_ps: fields.atPressure.value } : null,
      production: { ...spec.production, ensemble, time_ps: fields.production.value },
      thermostat: { ...spec.thermostat, kind: this.thermostat.input.value },
      barostat: { ...spec.barostat, kind: this.barostat.input.value },
      ...(extrapolation ? { extrapolation } : {}),
    };
  }

  #structure() {
    const { structure } = this.preset.spec;
    if (this.own?.structure.file) return { kind: "file", file: this.own.structure.file.name };
    if (!this.composition) return structure;
    const density = this.fields.density.isEmpty ? null : this.fields.density.value;
    return { ...structure, composition: this.composition.value, atoms: this.fields.atoms.value, density_g_cm3: density };
  }

  /** @param {string[]} messages @param {string} [hint] */
  #showErrors(messages, hint = "") {
    this.errors.replaceChildren(
      el("h2", {}, messages.length === 1 ? "This can’t run yet" : `${messages.length} things keep this from running`),
      ...[...messages, hint].filter((text) => text !== "").map((text) => el("p", {}, text)),
    );
    this.errors.hidden = false;
    this.errors.focus();
    this.errors.scrollIntoView({ block: "nearest" });
  }
}

/** @param {string} title @param {...Node} children */
function group(title, ...children) {
  return el("fieldset", {}, el("legend", {}, title), ...children);
}

/** @param {RunSpec} spec */
function numberFields(spec) {
  const field = (/** @type {import("../../components/number-field.js").NumberFieldOptions} */ options) => new NumberField(options);
  const density = spec.structure.density_g_cm3 ?? undefined;
  return {
    atoms: field({ name: "atoms", label: "Atoms", min: 8, max: MAX_ATOMS, value: spec.structure.atoms ?? 256, integer: true, hint: "Rounded to whole formula units. More atoms: smoother averages, slower steps." }),
    density: field({ name: "density", label: "Starting density", unit: "g/cm³", min: 0.01, max: 30, value: density, optional: true, hint: "Left empty, it is estimated." }),
    temperature: field({ name: "temperature", label: "Temperature", unit: "K", min: 1, max: 6000, value: spec.temperature_k }),
    pressure: field({ name: "pressure", label: "Pressure", unit: "GPa", min: -1, max: 100, value: spec.pressure_gpa ?? 0, hint: "0.0001 GPa is one atmosphere; 0 is as good here. For NPT." }),
    timestep: field({ name: "timestep", label: "Timestep", unit: "fs", min: 0.05, max: 10, value: spec.timestep_fs ?? 2, hint: "About a fiftieth of the fastest vibration." }),
    equilibration: field({ name: "equilibration", label: "Equilibration", unit: "ps", min: 0, max: 100_000, value: spec.equilibrate?.time_ps ?? 10, hint: "Forgets the start; not measured." }),
    atPressure: field({ name: "at-pressure", label: "Sampling at constant pressure", unit: "ps", min: 0.1, max: 1_000_000, value: spec.density?.time_ps ?? 20, hint: "For the density and what goes with it." }),
    production: field({ name: "production", label: "Sampling", unit: "ps", min: 0.1, max: 1_000_000, value: spec.production?.time_ps ?? 50, hint: "Measured; longer makes error bars smaller." }),
    seed: field({ name: "seed", label: "Seed", min: 0, max: 2 ** 31, value: spec.seed ?? 1, integer: true, hint: "The same seed repeats the same run exactly." }),
  };
}
