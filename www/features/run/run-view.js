// A run as a person follows it: what it does, the atoms, the charts, and the buttons that steer it.

import { byId, el, setText } from "../../components/dom.js";
import { count, duration, kelvin, significant } from "../../components/format.js";
import { onThemeChange } from "../../components/theme.js";
import { EngineClient } from "../../engine/client.js";
import { AtomsView } from "../atoms-view/atoms-view.js";
import { GradePanel } from "../extrapolation/grade-panel.js";
import { ExportPanel } from "../export/export-panel.js";
import { PropertiesPanel } from "../properties/properties-panel.js";
import { StructurePanel } from "../structure/structure-panel.js";
import { ThermodynamicsPanel } from "../thermodynamics/thermodynamics-panel.js";
import { TransportPanel } from "../transport/transport-panel.js";
import { ScanPanel } from "../scan/scan-panel.js";
import { PotentialPanel } from "./potential-panel.js";
import { placeWords, stageWords } from "./stages.js";

/** @import { EngineError, Progress, Results, RunSpec, RunState, Speed, Written } from "../../engine/protocol.js" */
/** @import { GivenFile } from "../../components/file-drop.js" */
/** @import { Keeping } from "../resume/saved-run.js" */
/** @import { RunRequest } from "../setup/setup-form.js" */

/** @typedef {{ bytes: Uint8Array, progress: Progress }} Checkpoint */
/** What is to run. @typedef {{ title: string, request: RunRequest, setUpAt: string, fitted: boolean }} Run `setUpAt`: the address of its settings; `fitted`: they are those that every fitted potential is tried with */

/** How much of a run may be lost with its tab, ms. */
const SAVE_EVERY_MS = 15_000;
/** @type {Record<Exclude<Keeping, "kept">, string>} */
const UNKEPT = {
  "no-room": "The browser’s storage does not take this run (a private window, or a full disk): it ends when this tab is closed. Take home what you need before.",
  "other-tab": "Another tab of Crucible has a run, and the browser keeps one: this one ends when this tab is closed. Once the other run is left, this one is kept as it goes on.",
};
/** How long a run that is left may take to say where it stands, ms: an engine that is stuck must not be waited for. */
const LAST_WORD_MS = 10_000;
/** Steps that one press of "Step" takes. */
const STEPS_A_PRESS = 1;
/** What leads to the settings of a run, and what to do there about its end, by kind of error: the engine's own words are of a specification. */
const SET_UP = {
  link: "Set-up",
  leads: "“Set-up” keeps your choices",
  /** @type {Record<string, string>} */
  hints: { extrapolation: "Label the configurations that the run kept and fit anew, or raise “Stop above grade” in the set-up, under Extrapolation." },
};
const FITTED = {
  link: "Fit view",
  leads: "“Fit view” leads to where it came from, with its temperature under “Try it”",
  /** @type {Record<string, string>} */
  hints: {
    extrapolation: "Label the configurations that the run kept and fit anew, or give the potential to “Your own potential”, whose set-up has “Stop above grade”, under Extrapolation.",
    unstable: "Try a lower temperature, or give the potential to “Your own potential”, whose set-up has the timestep.",
  },
};

export class RunView {
  /**
   * @param {HTMLElement} place
   * @param {{ refused: (error: EngineError) => void, ready: (threads: number) => void, stopped: () => void, save: (checkpoint: Checkpoint) => Promise<Keeping>, label: (file: GivenFile) => void }} listener
   *   `refused`: the run could not be started; the setup is the place to mend it. `stopped`: it came to an early end by itself.
   *   `save`: a state to go on from, at first, every so often and at last.
   *   `label`: configurations that shall be labelled
   */
  constructor(place, listener) {
    this.listener = listener;
    /** @type {EngineClient | undefined} */
    this.client = undefined;
    /** @type {Run | undefined} */
    this.current = undefined;
    /** The end of the run, from when it is left. @type {Promise<void> | undefined} */
    this.leaving = undefined;
    this.started = false;
    /** @type {Progress | undefined} */
    this.latest = undefined;
    this.atomsShown = false;
    this.saveTimer = 0;

    this.title = el("h1", { id: "run-title" }, "Run");
    this.stageName = el("p", { class: "stage-name", role: "status" });
    this.stageAbout = el("p", { class: "quiet-text" });
    this.stageProgress = el("progress", { max: 1, value: 0, "aria-label": "Progress of this stage" });
    this.numbers = el("p", { class: "numbers" });
    this.pauseButton = el("button", { type: "button", class: "primary", "aria-keyshortcuts": "Space", onclick: () => this.togglePause() }, "Pause");
    this.stepButton = el("button", { type: "button", onclick: () => this.client?.step(STEPS_A_PRESS) }, "Step");
    this.resetButton = el("button", { type: "button", onclick: () => this.reset() }, "Reset");
    this.setUp = el("a", { class: "button", href: "#/" }, "Set-up");
    this.errors = el("div", { class: "error-panel", role: "alert", hidden: true });
    this.unkept = el("p", { class: "notice", role: "status", hidden: true });
    this.buttons = el("div", { class: "run-buttons" }, this.pauseButton, this.stepButton, this.resetButton, this.setUp);
    this.atoms = new AtomsView();
    this.thermodynamics = new ThermodynamicsPanel();
    this.structure = new StructurePanel();
    this.transport = new TransportPanel();
    this.properties = new PropertiesPanel();
    this.scan = new ScanPanel();
    this.potential = new PotentialPanel();
    this.exports = new ExportPanel((what, file) => this.#write(what, file));
    this.grades = new GradePanel((what, file) => this.#write(what, file), (file) => listener.label(file));
    place.replaceChildren(
      el(
        "div",
        { class: "run-bar" },
        this.title,
        el("div", { class: "stage" }, this.stageName, this.stageProgress, this.numbers),
        this.buttons,
      ),
      this.stageAbout,
      this.errors,
      this.unkept,
      el(
        "div",
        { class: "run-grid" },
        this.atoms.element,
        el("div", { class: "panels" }, this.thermodynamics.element, this.grades.element, this.structure.element, this.transport.element, this.potential.element, this.exports.element),
      ),
      this.properties.element,
      this.scan.element,
    );
    onThemeChange(() => this.atoms.themeChanged());
    for (const buttons of [this.buttons, this.atoms.stage]) buttons.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.client?.state === "running") void this.save();
    });
  }

  /** @param {Run} run @param {Uint8Array} [checkpoint] to go on from */
  start(run, checkpoint) {
    this.stop();
    this.leaving = undefined;
    this.current = run;
    const { request, title, setUpAt } = run;
    this.started = false;
    this.latest = undefined;
    this.atomsShown = false;
    this.title.textContent = title;
    this.setUp.href = setUpAt;
    this.setUp.textContent = this.#ways.link;
    this.errors.hidden = true;
    this.unkept.hidden = true;
    this.numbers.textContent = "";
    this.exports.begin(request.spec, request.files, title);
    this.#beginTemperature(request.spec);
    this.scan.begin(request.spec);
    this.#showStage("loading", 0);
    const client = new EngineClient({
      ready: (threads) => this.listener.ready(threads),
      atoms: (atoms, about) => {
        this.#beginTemperature(request.spec, about.temperature_k);
        // The same at each temperature: what a person chose to see of them stays.
        if (this.atomsShown) {
          this.atoms.forgetGrades();
        } else {
          this.atoms.setAtoms(atoms);
          this.potential.show(about);
        }
        this.atomsShown = true;
        this.thermodynamics.showAbout(about);
        this.properties.showMeasured(about.measured ?? []);
        this.structure.showMeasured(about.measured_rdfs ?? []);
      },
      frame: (positions, cell, grades) => this.atoms.setFrame(positions, cell, grades),
      progress: (progress, speed) => this.#progress(progress, speed),
      series: (series) => {
        this.thermodynamics.showSeries(series);
        this.grades.showSeries(series);
        this.exports.series = series;
      },
      results: (results) => this.#results(results),
      scan: (scan) => {
        const more = scan.points.length > this.scan.length;
        this.scan.show(scan);
        // The next temperature may fail at its start, and after that nothing is kept.
        if (more && this.started) void this.save();
      },
      state: (state) => this.#state(state),
      error: (error) => this.#error(error),
    });
    this.client = client;
    this.#state("loading");
    client.start(request.spec, request.files, request.threads, checkpoint);
    this.saveTimer = window.setInterval(() => {
      if (client.state === "running") void this.save();
    }, SAVE_EVERY_MS);
  }

  /** Empties what is of one temperature. @param {RunSpec} spec @param {number} [temperature] K */
  #beginTemperature(spec, temperature = spec.temperature_k) {
    const present = { ...spec, temperature_k: temperature, further_temperatures_k: [] };
    const isScan = (spec.further_temperatures_k ?? []).length > 0;
    for (const panel of [this.thermodynamics, this.structure, this.transport]) panel.clear();
    this.exports.beginTemperature(present, isScan);
    this.properties.begin(present, isScan ? kelvin(temperature) : "", this.started);
    this.grades.begin(present, this.exports.name);
  }

  /** From the beginning, with a new engine. */
  reset() {
    if (this.current) this.start(this.current);
  }

  /** Hands a state to go on from to whoever keeps it. */
  async save() {
    const checkpoint = await this.#checkpoint();
    if (checkpoint) await this.#keep(checkpoint);
  }

  /** Whether there is a run that nobody has left. */
  get isOn() {
    return this.client !== undefined && this.leaving === undefined;
  }

  /** Ends the run where it stands. @returns {Promise<void>} settled once that is kept */
  leave() {
    this.leaving ??= this.#leave();
    return this.leaving;
  }

  async #leave() {
    const { client } = this;
    const last = await Promise.race([this.#checkpoint(), silence(LAST_WORD_MS)]);
    if (client === this.client) this.stop();
    if (last) await this.#keep(last);
  }

  /** @param {Checkpoint} checkpoint */
  async #keep(checkpoint) {
    this.#showKept(await this.listener.save(checkpoint));
  }

  /** @returns {Promise<Checkpoint | undefined>} nothing where there is no run to go on with */
  async #checkpoint() {
    const { client } = this;
    // A run that failed stands at its last good state.
    if (!client || !this.started || client.isBroken) return undefined;
    try {
      const checkpoint = await client.checkpoint();
      return client === this.client ? checkpoint : undefined;
    } catch {
      // It ended meanwhile.
      return undefined;
    }
  }

  /** Tells whether the browser keeps the run. @param {Keeping} keeping */
  #showKept(keeping) {
    this.unkept.hidden = keeping === "kept";
    // The same words again would be read out again.
    if (keeping !== "kept" && this.unkept.textContent !== UNKEPT[keeping]) this.unkept.textContent = UNKEPT[keeping];
  }

  stop() {
    window.clearInterval(this.saveTimer);
    this.client?.stop();
    this.client = undefined;
  }

  togglePause() {
    if (this.client?.state === "running") this.client.pause();
    else if (this.client?.state === "paused") this.client.resume();
  }

  /** @param {Written} what @param {string} file */
  #write(what, file) {
    return this.client ? this.client.write(what, file) : Promise.reject(new Error("no run"));
  }

  /** @param {Progress} progress @param {Speed} speed */
  #progress(progress, speed) {
    if (!this.started) {
      this.started = true;
      void this.save();
    }
    this.latest = progress;
    this.grades.showProgress(progress);
    this.#showStage(progress.stage, progress.stage_fraction, progress.scan);
    this.numbers.textContent = progress.timestep_fs > 0 ? dynamicsWords(progress, speed) : relaxationWords(progress);
  }

  /** @param {Results} results */
  #results(results) {
    this.thermodynamics.showEstimates(results);
    this.structure.show(results);
    this.transport.show(results);
    this.properties.show(results);
    this.exports.results = results;
  }

  /** @param {string} stage @param {number} fraction @param {Progress["scan"]} [scan] */
  #showStage(stage, fraction, scan) {
    const { name, about } = stageWords(stage);
    setText(this.stageName, scan && stage !== "finished" ? `${name} at ${placeWords(scan)}` : name);
    this.stageAbout.textContent = about;
    this.stageProgress.value = fraction;
  }

  /** @param {RunState} state */
  #state(state) {
    const { pauseButton } = this;
    pauseButton.textContent = state === "paused" ? "Continue" : "Pause";
    pauseButton.disabled = state !== "running" && state !== "paused";
    this.stepButton.disabled = pauseButton.disabled;
    this.exports.setEnabled(state !== "loading");
    document.documentElement.dataset["run"] = state;
    if (state === "paused" || state === "finished") void this.save();
  }

  /** @param {EngineError} error */
  #error(error) {
    if (!this.started) {
      this.stop();
      this.listener.refused(error);
      return;
    }
    this.#showStopped();
    this.listener.stopped();
    // With what it kept to be labelled, which is wanted now more than before.
    void this.save();
    const { leads, hints } = this.#ways;
    const hint = hints[error.kind] ?? error.hint;
    this.errors.replaceChildren(
      el("h2", {}, "The run stopped"),
      el("p", {}, sentence(error.message)),
      ...(hint ? [el("p", {}, hint)] : []),
      el("p", {}, `What was measured so far stays below. Reset starts again; ${leads}.`),
    );
    this.errors.hidden = false;
  }

  /** Where the run stands now, without what is only true of one that goes on. */
  #showStopped() {
    setText(this.stageName, `Stopped: ${this.stageName.textContent}`);
    if (!this.latest || this.latest.timestep_fs === 0) return;
    // An engine that broke does not go back to a good state.
    const what = this.client?.isBroken ? "last seen at" : "last good state:";
    this.numbers.textContent = `${what} ${placeOf(this.latest).join(" · ")}`;
  }

  get #ways() {
    return this.current?.fitted ? FITTED : SET_UP;
  }

  /** A button pressed by mouse or finger gives up the focus: the space bar then pauses, and does not press it again. @param {MouseEvent} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    // A press by keyboard counts no clicks. "Pause" does by itself what the space bar shall do.
    if (event.detail > 0 && button !== this.pauseButton) button?.blur();
  }

  /** The space bar pauses, except where it already means something. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== " " || event.repeat || byId("run-view", HTMLElement).hidden) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("button, input, select, textarea, summary, a")) return;
    event.preventDefault();
    this.togglePause();
  }
}

/** @param {number} ms @returns {Promise<undefined>} */
function silence(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

/** The engine's own words begin small, since others may stand before them. @param {string} message */
function sentence(message) {
  return message.replace(/^the run/, "The run");
}

/** @param {Progress} progress */
function placeOf({ step, time_ps }) {
  return [`step ${count(step)}`, `${time_ps.toFixed(2)} ps`];
}

/** @param {Progress} progress @param {Speed} speed */
function dynamicsWords(progress, { stepsPerSecond, nsPerDay }) {
  const { step, total_steps, scan } = progress;
  const parts = placeOf(progress);
  if (stepsPerSecond > 0) {
    parts.push(`${significant(stepsPerSecond, 3)} steps/s`, `${significant(nsPerDay, 3)} ns/day`);
    const left = total_steps - step + (scan ? (scan.count - scan.index - 1) * total_steps : 0);
    if (left > 0) parts.push(`${duration(left / stepsPerSecond)} left`);
  }
  return parts.join(" · ");
}

/** @param {Progress} progress */
function relaxationWords({ largest_force_ev_angstrom: force }) {
  return force > 0 ? `largest force ${significant(force, 3)} eV/Å` : "";
}
