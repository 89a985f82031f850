// The page: which of its views is shown, and what they hand to each other.

import { byId, el } from "./components/dom.js";
import { reasonOf, withSubscripts } from "./components/format.js";
import { connectThemeButton } from "./components/theme.js";
import { fullSpeedAddress, prepareIsolation } from "./engine/isolation.js";
import { keepForOffline } from "./engine/offline.js";
import { threadsAvailable } from "./engine/threads.js";
import { AnalyzeView } from "./features/analyze/analyze-view.js";
import { FitView } from "./features/fit/fit-view.js";
import { markTask } from "./features/navigation/navigation.js";
import { showSavedRun } from "./features/resume/resume-card.js";
import { leavePlace, saveRun } from "./features/resume/saved-run.js";
import { RunView } from "./features/run/run-view.js";
import { showGallery } from "./features/setup/gallery.js";
import { OWN_FILES, loadFiles, loadPresets } from "./features/setup/presets.js";
import { SetupForm } from "./features/setup/setup-form.js";

/** @import { Isolation } from "./engine/isolation.js" */
/** @import { EngineError, RunSpec } from "./engine/protocol.js" */
/** @import { Preset } from "./features/setup/presets.js" */
/** @import { SavedRun } from "./features/resume/saved-run.js" */
/** @import { RunRequest } from "./features/setup/setup-form.js" */

/** In place of a gallery entry's name: the run is of a potential that was fitted here. */
const FITTED = "fitted";

const VIEWS = /** @type {const} */ (["gallery", "setup", "run", "fit", "analyze"]);

/** @type {Preset[]} */
let presets = [];
let galleryIsRead = false;
/** @type {{ preset: Preset, form: SetupForm } | undefined} */
let setup;
/** @typedef {Pick<SavedRun, "title" | "preset" | "request">} BegunRun */

/** @type {BegunRun | undefined} */
let begun;
/** @type {RunView | undefined} */
let runView;
/** @type {FitView | undefined} */
let fitView;
/** @type {AnalyzeView | undefined} */
let analyzeView;

begin().catch((error) => {
  byId("gallery-status", HTMLElement).textContent = `Crucible could not start: ${reasonOf(error)}. Reloading the page may help.`;
});

async function begin() {
  connectThemeButton(byId("theme-button", HTMLButtonElement));
  connectSkipLink();
  // A file that misses its field must not replace the page.
  for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  // A fit is kept nowhere, so that the browser asks before it is lost.
  window.addEventListener("beforeunload", (event) => {
    if (!fitView?.hasUnsaved) return;
    event.preventDefault();
    // What older browsers heed.
    event.returnValue = true;
  });
  const isolation = await prepareIsolation();
  if (isolation.reloading) return;
  showIsolation(isolation);
  window.addEventListener("hashchange", () => {
    if (isOurs(location.hash)) route();
  });
  route();
  await fillGallery();
  // The set-up of one of its liquids had to wait for it.
  if (location.hash.startsWith("#/setup/")) route();
  void keepForOffline(threadsAvailable() > 1 ? "threads" : "single");
}

/** By its own means it would change the address, in which the page reads what to show. A page kept from before may lack it. */
function connectSkipLink() {
  document.getElementById("skip-link")?.addEventListener("click", (event) => {
    event.preventDefault();
    byId("main", HTMLElement).focus();
  });
}

/** Whether an address names a view, and not a place in the page. @param {string} hash */
function isOurs(hash) {
  return hash === "" || hash.startsWith("#/");
}

/** @param {Isolation} isolation */
function showIsolation({ isolated, reason }) {
  showReady();
  if (isolated) return;
  const notice = byId("isolation-notice", HTMLElement);
  const link = el("a", { href: fullSpeedAddress(), target: "_blank", rel: "noopener" }, "Open at full speed in a new tab");
  notice.replaceChildren(el("p", {}, `This page runs on one thread: ${reason}. `, link, "."));
  notice.hidden = false;
}

function showReady() {
  showBadge(threadsAvailable() > 1 ? `Threads ready: ${threadsAvailable()}` : "One thread");
}

/** @param {string} words */
function showBadge(words) {
  byId("engine-badge", HTMLElement).textContent = words;
}

async function fillGallery() {
  const status = byId("gallery-status", HTMLElement);
  try {
    presets = await loadPresets();
    status.textContent = "";
  } catch (error) {
    status.textContent = `The gallery could not be loaded (${reasonOf(error)}). Your own files still work.`;
  }
  galleryIsRead = true;
  showGallery(byId("gallery", HTMLElement), presets, (preset) => {
    location.hash = `#/setup/${preset.name}`;
  });
}

/** Shows the view that the address names. */
function route() {
  const [, view = "", name = ""] = location.hash.split("/");
  const left = view === "run" ? undefined : leaveRun();
  if (view === "setup") {
    const preset = presetNamed(name);
    if (preset) {
      showSetup(preset);
      return;
    }
    if (!galleryIsRead) return;
  }
  if (view === "run" && runView?.isOn) return show("run");
  if (view === "fit") {
    showFit();
    return;
  }
  if (view === "analyze") {
    analyzeView ??= new AnalyzeView(byId("analyze", HTMLElement));
    return show("analyze");
  }
  if (view !== "") history.replaceState(null, "", "#/");
  show("gallery");
  void (left ?? leaveRun()).then(() => showSavedRun(byId("saved-run", HTMLElement), goOn));
}

/** The run ends where it stands; settled once that is kept. */
async function leaveRun() {
  showReady();
  await runView?.leave();
  if (!runView?.isOn) leavePlace();
}

/** @param {string} [name] */
function presetNamed(name) {
  return [...presets, OWN_FILES].find((entry) => entry.name === name);
}

function showFit() {
  fitView ??= new FitView(byId("fit", HTMLElement), { threadsAvailable: threadsAvailable(), runIt: runFitted });
  show("fit");
  return fitView;
}

/** Runs a potential of one's own making. @param {RunRequest} request */
function runFitted(request) {
  follow({ title: "Fitted potential", preset: FITTED, request });
}

/** @param {Preset} preset */
function showSetup(preset) {
  // The same form again keeps what was typed.
  if (setup?.preset !== preset) {
    const form = new SetupForm({ ...preset, spec: latestSpec(preset) }, {
      own: preset === OWN_FILES,
      threadsAvailable: threadsAvailable(),
      run: (request) => void run(preset, request),
    });
    setup = { preset, form };
    byId("setup-title", HTMLElement).textContent = withSubscripts(preset.title);
    byId("setup", HTMLElement).replaceChildren(el("p", { class: "lead" }, withSubscripts(preset.description)), form.element);
  }
  show("setup");
  return setup.form;
}

/** What runs, or ran last, if that is of this entry. @param {Preset} preset @returns {RunSpec} */
function latestSpec({ name, spec }) {
  if (begun?.preset !== name) return spec;
  // A version that was saved may name the potential in ways of its time; the files are those of now.
  const latest = { ...begun.request.spec, schema: spec.schema, potential: spec.potential };
  // A form can't give files that a person gave before.
  return latest.structure.kind === "file" ? { ...latest, structure: spec.structure } : latest;
}

/** @param {Preset} preset @param {RunRequest} request */
async function run(preset, request) {
  try {
    const files = { ...(await loadFiles(preset)), ...request.files };
    follow({ title: withSubscripts(preset.title), preset: preset.name, request: { ...request, files } });
  } catch (error) {
    setup?.form.showError({ kind: "files", message: reasonOf(error) });
  }
}

/** Starts a run, or goes on with one, and shows it. @param {BegunRun} run @param {Uint8Array} [checkpoint] */
function follow(run, checkpoint) {
  begun = run;
  // It offers what this run is about to replace.
  byId("saved-run", HTMLElement).replaceChildren();
  runView ??= new RunView(byId("run", HTMLElement), {
    ready: (threads) => showBadge(runningWords(threads, begun?.request.threads ?? 1)),
    refused,
    stopped: showReady,
    save: ({ bytes, progress }) => saveRun({ .../** @type {BegunRun} */ (begun), checkpoint: bytes, progress, savedAt: Date.now() }),
    label: (file) => {
      // Before the address changes, so that the run still stands while its file is read.
      showFit().label(file);
      location.hash = "#/fit";
    },
  });
  show("run");
  runView.start({ title: run.title, request: run.request, setUpAt: setUpAddress(run), fitted: run.preset === FITTED }, checkpoint);
  location.hash = "#/run";
}

/** @param {number} threads @param {number} asked */
function runningWords(threads, asked) {
  if (threads > 1) return `Running on ${threads} threads`;
  return asked > 1 ? "Running on one thread: the browser did not start more" : "Running on one thread";
}

/** Where the settings of a run are. @param {BegunRun} run */
function setUpAddress({ preset }) {
  return preset === FITTED ? "#/fit" : `#/setup/${preset}`;
}

/** Says why a run can't start, where its settings are; in the gallery if they are nowhere. @param {EngineError} error */
function refused(error) {
  const preset = presetNamed(begun?.preset);
  if (preset) {
    location.hash = `#/setup/${preset.name}`;
    showSetup(preset).showError(error);
  } else if (begun?.preset === FITTED) {
    location.hash = "#/fit";
    showFit();
    showRefusal(error);
  } else {
    location.hash = "#/";
    show("gallery");
    showRefusal(error);
  }
}

/** @param {EngineError} error */
function showRefusal({ message, hint }) {
  const refusal = byId("refusal", HTMLElement);
  refusal.replaceChildren(el("h2", {}, "This can’t run"), el("p", {}, message), ...(hint ? [el("p", {}, hint)] : []));
  refusal.hidden = false;
  refusal.focus();
  refusal.scrollIntoView({ block: "nearest" });
}

/** @param {SavedRun} saved */
function goOn({ title, preset, request, checkpoint }) {
  // Its form shall show what goes on, and not what was typed before.
  setup = undefined;
  follow({ title, preset, request: { ...request, threads: Math.min(request.threads, threadsAvailable()) } }, checkpoint);
}

/** @param {(typeof VIEWS)[number]} name */
function show(name) {
  const changed = viewOf(name).hidden;
  for (const one of VIEWS) viewOf(one).hidden = one !== name;
  const own = name === "run" ? begun?.title : setup && withSubscripts(setup.preset.title);
  const title = markTask(byId("site-nav", HTMLElement), name) ?? own ?? "Run";
  document.title = name === "gallery" ? "Crucible" : `${title} – Crucible`;
  if (!changed) return;
  // It was said of the view that was shown.
  byId("refusal", HTMLElement).hidden = true;
  window.scrollTo(0, 0);
  byId("main", HTMLElement).focus({ preventScroll: true });
}

/** @param {(typeof VIEWS)[number]} name */
function viewOf(name) {
  return byId(`${name}-view`, HTMLElement);
}
