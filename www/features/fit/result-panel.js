// What a fit leads to: errors in full, what the active set spans, files to take home, and a run at once.

import { chartSvg } from "../../components/chart-view.js";
import { el, table } from "../../components/dom.js";
import { download } from "../../components/download.js";
import { reasonOf, significant } from "../../components/format.js";
import { NumberField } from "../../components/number-field.js";
import { fillSelect, selectField } from "../../components/select-field.js";
import { zipTexts } from "../../components/zip.js";
import { OWN_FILES } from "../setup/presets.js";
import { formula } from "./data-panel.js";
import { errorRows, pair } from "./error-rows.js";

/** @import { ActiveSetSpan, DataFile, DataSummary, FitResult, PartReport } from "../../engine/fit-protocol.js" */
/** @import { EngineError, RunFiles, RunSpec } from "../../engine/protocol.js" */
/** @import { RunRequest } from "../setup/setup-form.js" */

/** A potential with the elements of its species. @typedef {DataFile & { species: string[] }} Fitted */

/** `threads`: for a run; `heldOut`: the share that was to be held out. @typedef {{ result: FitResult, summary: DataSummary, threads: number, heldOut: number }} Shown */

/** Where the data do not say, K. */
const TEMPERATURE = 1100;

export class ResultPanel {
  /** @param {{ runIt: (request: RunRequest) => void, goOn: (potential: Fitted) => void }} options */
  constructor({ runIt, goOn }) {
    this.runIt = runIt;
    this.goOn = goOn;
    /** @type {Shown | undefined} */
    this.shown = undefined;
    /** What was there before the present fit: it comes back where that leads to nothing. @type {Pick<ResultPanel, "shown" | "activeSet" | "taken"> | undefined} */
    this.aside = undefined;
    /** @type {{ span: ActiveSetSpan, almtp: Uint8Array } | undefined} */
    this.activeSet = undefined;
    this.taken = false;
    this.tables = el("div", {});
    this.span = el("div", { role: "status" });
    const button = (/** @type {string} */ label, /** @type {() => void} */ act) => el("button", { type: "button", class: "small", onclick: act }, label);
    this.almtpButton = button("Potential with active set, .almtp", () => this.#saveAlmtp());
    this.start = selectField("Start from", {}, "", "The calmest configuration of this composition.");
    this.temperature = new NumberField({ name: "fit-temperature", label: "Temperature", unit: "K", min: 1, max: 6000, value: TEMPERATURE });
    this.status = el("p", { class: "quiet-text", role: "status" });
    this.goOnButton = button("Go on", () => this.#goOn());
    this.element = el(
      "section",
      { class: "card panel fit-result", "aria-labelledby": "fit-result-title", hidden: true },
      el("h2", { id: "fit-result-title" }, "4. The potential"),
      this.tables,
      el("h3", {}, "What the training data span"),
      this.span,
      el("h3", {}, "Take it home"),
      el(
        "div",
        { class: "export-row" },
        button("Potential, .mtp", () => this.#saveMtp()),
        this.almtpButton,
        button("Report, JSON", () => this.#saveReport()),
        button("Charts, SVG in a .zip", () => void this.#saveCharts()),
      ),
      this.status,
      el("h3", {}, "Fit it further"),
      el("p", { class: "quiet-text" }, "From this potential, with the data, weights and steps that stand above; its form stays."),
      this.goOnButton,
      el("h3", {}, "Try it"),
      el("div", { class: "run-it" }, this.start.element, this.temperature.element, el("button", { type: "button", class: "primary", onclick: () => this.#run() }, "Run it")),
    );
  }

  clear() {
    this.element.hidden = true;
    this.shown = undefined;
    this.activeSet = undefined;
    this.aside = undefined;
  }

  /** Hides the potential while another fit goes on. */
  setAside() {
    const { shown, activeSet, taken } = this;
    this.clear();
    this.aside = { shown, activeSet, taken };
  }

  /** Shows what was set aside, if anything. */
  bringBack() {
    if (!this.aside?.shown) return;
    const { shown, activeSet, taken } = this.aside;
    this.show(shown);
    if (activeSet) this.showActiveSet(activeSet.span, activeSet.almtp);
    else this.#showNoActiveSet("another fit began before it was chosen.");
    this.taken = taken;
  }

  /** @param {boolean} enabled whether a fit can begin */
  setGoOn(enabled) {
    this.goOnButton.disabled = !enabled;
  }

  /** @param {Shown} shown */
  show(shown) {
    this.shown = shown;
    const { result, summary, heldOut } = shown;
    this.activeSet = undefined;
    this.aside = undefined;
    this.taken = false;
    this.almtpButton.disabled = true;
    this.status.textContent = "";
    this.tables.replaceChildren(...tablesOf(result.report.parts, heldOut));
    this.span.replaceChildren(el("p", { class: "quiet-text" }, "Choosing the active set, with which runs can say how far they extrapolate…"));
    fillSelect(this.start.input, Object.fromEntries(result.starts.map((_, index) => [String(index), formula(summary.compositions[index]?.composition ?? "")])));
    const known = summary.temperature_k;
    this.temperature.input.value = String(known ? Math.round(known.low) : TEMPERATURE);
    this.element.hidden = false;
  }

  /** @param {ActiveSetSpan} span @param {Uint8Array} almtp */
  showActiveSet(span, almtp) {
    if (!this.shown) return;
    this.activeSet = { span, almtp };
    this.almtpButton.disabled = false;
    this.span.replaceChildren(...spanOf(span));
    document.documentElement.dataset["fit"] = "graded";
  }

  get isShown() {
    return this.shown !== undefined;
  }

  /** Whether there is a potential that was not saved: from a run it can't be had back. */
  get isUntaken() {
    return this.isShown && !this.taken;
  }

  #goOn() {
    if (!this.shown) return;
    const { result, summary } = this.shown;
    this.goOn({ name: "fitted.mtp", bytes: new TextEncoder().encode(result.mtp), species: speciesOf(summary) });
  }

  /** The potential is there without it. @param {EngineError} error */
  showActiveSetError(error) {
    this.#showNoActiveSet(error.message);
  }

  /** @param {string} reason */
  #showNoActiveSet(reason) {
    this.span.replaceChildren(el("p", { class: "caution" }, `No active set: ${reason}`));
  }

  /** @param {string} ending @param {string | Uint8Array} content @param {string} type */
  #save(ending, content, type) {
    const names = this.shown ? speciesOf(this.shown.summary).join("-").toLowerCase() : "potential";
    download(`${names}.${ending}`, content, type);
    this.status.textContent = `Saved ${names}.${ending}.`;
  }

  #saveMtp() {
    if (!this.shown) return;
    this.#save("mtp", this.shown.result.mtp, "text/plain");
    this.taken = true;
  }

  #saveAlmtp() {
    if (!this.activeSet) return;
    this.#save("almtp", this.activeSet.almtp, "application/octet-stream");
    this.taken = true;
  }

  #saveReport() {
    if (!this.shown) return;
    const report = { ...this.shown.result.report, active_set: this.activeSet?.span ?? null };
    this.#save("report.json", `${JSON.stringify(report, null, 1)}\n`, "application/json");
  }

  async #saveCharts() {
    if (!this.shown) return;
    try {
      const files = await Promise.all(this.shown.result.charts.map((chart) => chartSvg(chart)));
      this.#save("charts.zip", zipTexts(files.map(({ name, text }) => ({ path: name, text }))), "application/zip");
    } catch (error) {
      this.status.textContent = `The charts could not be saved (${reasonOf(error)}).`;
    }
  }

  /** From a configuration of the data, at its volume: the quickest way to see whether it holds. */
  #run() {
    if (!this.shown || !this.temperature.check()) return;
    const { result, summary, threads } = this.shown;
    const potential = this.activeSet ? "fitted.almtp" : "fitted.mtp";
    /** @type {RunSpec} */
    const spec = {
      ...OWN_FILES.spec,
      potential: { kind: "mtp", file: potential, species: speciesOf(summary) },
      structure: { kind: "file", file: "start.extxyz" },
      temperature_k: this.temperature.value,
      // It is a liquid already, of the kind that the potential knows; a relaxed one need not be.
      prepare: { relax_steps: 0, warm_up_ps: 0.5 },
      equilibrate: { ensemble: "nvt", time_ps: 2 },
      density: null,
      production: { ensemble: "nvt", time_ps: 20 },
    };
    /** @type {RunFiles} */
    const files = { [potential]: this.activeSet?.almtp ?? result.mtp, "start.extxyz": result.starts[Number(this.start.input.value)] ?? "" };
    this.runIt({ spec, files, threads });
  }
}

const NOTHING_HELD_OUT =
  "Nothing could be held out: there are too few configurations for that share, or each has a composition of its own. These errors are of what was fitted to, and say nothing of other configurations.";

/** In the potential's order. @param {DataSummary} summary */
function speciesOf(summary) {
  return summary.species.map(({ species }) => species);
}

/** @param {PartReport[]} parts @param {number} heldOut share that was to be held out @returns {HTMLElement[]} */
function tablesOf(parts, heldOut) {
  const headings = parts.flatMap(({ name, configurations }) => [`${name} (${configurations}): RMSE`, "largest"]);
  const short = parts.flatMap(({ name }) => [`${name}: RMSE`, "largest"]);
  const first = parts[0];
  if (!first) return [];
  const species = first.species.map(({ species: name }, index) => [name, ...parts.flatMap((part) => pair(part.species[index]?.force_component, 1e3))]);
  const names = [...new Set(parts.flatMap(({ compositions }) => compositions.map(({ composition }) => composition)))];
  const of = (/** @type {PartReport} */ part, /** @type {string} */ name) => part.compositions.find(({ composition }) => composition === name);
  const compositions = names.map((name) => [
    formula(name),
    ...parts.flatMap((part) => {
      const entry = of(part, name);
      return [entry?.configurations ?? 0, pair(entry?.errors.energy_per_atom, 1e3)[0] ?? "", pair(entry?.errors.force_component, 1e3)[0] ?? ""];
    }),
  ]);
  const worst = parts.flatMap((part) => part.worst.map(({ number, name, energy_per_atom: energy, largest_force: force }) => [part.name, number, name ?? "–", significant(energy * 1e3, 3), significant(force * 1e3, 3)]));
  const nothingHeldOut = heldOut > 0 && parts.length === 1 ? [NOTHING_HELD_OUT] : [];
  const doubts = parts.flatMap((part) => part.doubts.map((words) => `${part.name}: ${words}.`));
  return [
    table("Errors", ["", ...headings], errorRows(parts)),
    ...[...nothingHeldOut, ...doubts].map((words) => el("p", { class: "caution" }, words)),
    el(
      "details",
      {},
      el("summary", {}, "By species, composition and configuration"),
      table("Force components on each species, meV/Å", ["species", ...short], species),
      table("By composition: RMSE of energy (meV/atom) and force component (meV/Å)", ["atoms", ...parts.flatMap(({ name }) => [`${name}: number`, "energy", "force component"])], compositions),
      table("Configurations with the largest errors", ["part", "number", "name", "energy, meV/atom", "largest force vector, meV/Å"], worst),
    ),
  ];
}

/** @param {ActiveSetSpan} span @returns {HTMLElement[]} */
function spanOf({ rows, from_data: found, configurations, offered, species, compositions, held_out: heldOut }) {
  const words = [
    `The potential has ${rows} parameters; the data fix ${found} of them${found < rows ? ": what is left are directions that no atom decides; a few of them change no energy at all" : ""}.`,
    `${configurations} of ${offered} training configurations hold the atoms that span all others (the active set).`,
  ];
  if (heldOut) {
    words.push(`Seen from there, the held-out configurations have extrapolation grades up to ${significant(heldOut.largest, 3)}: ${heldOut.above_two} of ${heldOut.configurations} above 2, where a potential extrapolates.`);
  }
  return [
    ...words.map((text) => el("p", {}, text)),
    el(
      "details",
      {},
      el("summary", {}, "Where the active set comes from"),
      ...(species.length > 0 ? [table("Atoms by species", ["species", "atoms"], species.map(({ species: name, rows: n }) => [name, n]))] : []),
      table("By composition", ["atoms", "configurations", "rows"], compositions.map(({ composition, configurations: n, rows: r }) => [formula(composition), n, r])),
    ),
  ];
}
