// The page: which of its views is shown, and what they hand to each other.

import { byId, el } from "./components/dom.js";
import { withSubscripts } from "./components/format.js";
import { connectThemeButton } from "./components/theme.js";
import { fullSpeedAddress, prepareIsolation } from "./engine/isolation.js";
import { keepForOffline } from "./engine/offline.js";
import { AnalyzeView } from "./features/analyze/analyze-view.js";
import { FitView } from "./features/fit/fit-view.js";
import { markTask } from "./features/navigation/navigation.js";
import { showSavedRun } from "./features/resume/resume-card.js";
import { saveRun } from "./features/resume/saved-run.js";
import { RunView } from "./features/run/run-view.js";
import { showGallery } from "./features/setup/gallery.js";
import { OWN_FILES, loadFiles, loadPresets } from "./features/setup/presets.js";
import { SetupForm } from "./features/setup/setup-form.js";

/** @import { Isolation } from "./engine/isolation.js" */
/** @import { Preset } from "./features/setup/presets.js" */
/** @import { SavedRun } from "./features/resume/saved-run.js" */
/** @import { RunRequest } from "./features/setup/setup-form.js" */

/** More threads than this only wait for each other at the sizes that fit a page. */
const MOST_THREADS = 16;

const views = {
  gallery: byId("gallery-view", HTMLElement),
  setup: byId("setup-view", HTMLElement),
  run: byId("run-view", HTMLElement),
  fit: byId("fit-view", HTMLElement),
  analyze: byId("analyze-view", HTMLElement),
};
const badge = byId("engine-badge", HTMLElement);

/** @type {Preset[]} */
let presets = [];
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
let isolated = false;

void begin();

async function begin() {
  connectThemeButton(byId("theme-button", HTMLButtonElement));
  // A file that misses its field must not replace the page.
  for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  const isolation = await prepareIsolation();
  if (isolation.reloading) return;
  showIsolation(isolation);
  await fillGallery();
  window.addEventListener("hashchange", route);
  route();
  void keepForOffline(threadsAvailable() > 1 ? "threads" : "single");
}

/** @param {Isolation} isolation */
function showIsolation({ isolated: has, reason }) {
  isolated = has;
  showReady();
  if (has) return;
  const notice = byId("isolation-notice", HTMLElement);
  const link = el("a", { href: fullSpeedAddress(), target: "_blank", rel: "noopener" }, "Open at full speed in a new tab");
  notice.replaceChildren(el("p", {}, `This page runs on one thread: ${reason}. `, link, "."));
  notice.hidden = false;
}

function showReady() {
  badge.textContent = isolated ? `Threads ready: ${threadsAvailable()}` : "One thread";
}

function threadsAvailable() {
  return isolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
}

async function fillGallery() {
  const status = byId("gallery-status", HTMLElement);
  try {
    presets = await loadPresets();
    status.textContent = "";
  } catch (error) {
    status.textContent = `The gallery could not be loaded (${error instanceof Error ? error.message : error}). Your own files still work.`;
  }
  showGallery(byId("gallery", HTMLElement), presets, (preset) => {
    location.hash = `#/setup/${preset.name}`;
  });
}

/** Shows the view that the address names. */
function route() {
  const [, view = "", name = ""] = location.hash.split("/");
  if (view !== "run") {
    runView?.stop();
    showReady();
  }
  if (view === "setup") {
    const preset = [...presets, OWN_FILES].find((entry) => entry.name === name) ?? setup?.preset;
    if (preset) return showSetup(preset);
  }
  if (view === "run" && runView?.client) return show("run");
  if (view === "fit") {
    showFit();
    return;
  }
  if (view === "analyze") {
    analyzeView ??= new AnalyzeView(byId("analyze", HTMLElement), { isolated });
    return show("analyze");
  }
  if (view !== "") history.replaceState(null, "", "#/");
  show("gallery");
  void showSavedRun(byId("saved-run", HTMLElement), goOn);
}

function showFit() {
  fitView ??= new FitView(byId("fit", HTMLElement), { threadsAvailable: threadsAvailable(), runIt: runFitted });
  show("fit");
  return fitView;
}

/** Runs a potential of one's own making. @param {RunRequest} request */
function runFitted(request) {
  prepareSetup(OWN_FILES);
  begun = { title: "Fitted potential", preset: OWN_FILES.name, request };
  follow(begun);
}

/** @param {Preset} preset */
function showSetup(preset) {
  prepareSetup(preset);
  show("setup");
}

/** @param {Preset} preset */
function prepareSetup(preset) {
  // The same form again keeps what was typed.
  if (setup?.preset !== preset) {
    const form = new SetupForm(preset, {
      own: preset === OWN_FILES,
      threadsAvailable: threadsAvailable(),
      run: (request) => void run(preset, request),
    });
    setup = { preset, form };
    byId("setup-title", HTMLElement).textContent = withSubscripts(preset.title);
    byId("setup", HTMLElement).replaceChildren(el("p", { class: "lead" }, withSubscripts(preset.description)), form.element);
  }
}

/** @param {Preset} preset @param {RunRequest} request */
async function run(preset, request) {
  try {
    const files = { ...(await loadFiles(preset)), ...request.files };
    begun = { title: withSubscripts(preset.title), preset: preset.name, request: { ...request, files } };
    follow(begun);
  } catch (error) {
    setup?.form.showError({ kind: "files", message: error instanceof Error ? error.message : String(error) });
  }
}

/** Starts a run, or goes on with one, and shows it. @param {BegunRun} run @param {Uint8Array} [checkpoint] */
function follow({ title, request }, checkpoint) {
  runView ??= new RunView(byId("run", HTMLElement), {
    ready: (threads) => {
      badge.textContent = threads > 1 ? `Running on ${threads} threads` : "Running on one thread";
    },
    refused: (error) => {
      location.hash = `#/setup/${begun?.preset ?? ""}`;
      show("setup");
      setup?.form.showError(error);
    },
    save: ({ bytes, progress }) => {
      if (begun) void saveRun({ ...begun, checkpoint: bytes, progress, savedAt: Date.now() }).then((kept) => runView?.showKept(kept));
    },
    label: (file) => {
      // Before the address changes, so that the run still stands while its file is read.
      showFit().label(file);
      location.hash = "#/fit";
    },
  });
  show("run");
  runView.start(request, title, checkpoint);
  location.hash = "#/run";
}

/** @param {SavedRun} saved */
function goOn({ title, preset, request, checkpoint }) {
  const known = [...presets, OWN_FILES].find((entry) => entry.name === preset);
  if (known) prepareSetup(known);
  begun = { title, preset, request: { ...request, threads: Math.min(request.threads, threadsAvailable()) } };
  follow(begun, checkpoint);
}

/** @param {keyof typeof views} name */
function show(name) {
  const changed = views[name].hidden;
  for (const [key, view] of Object.entries(views)) view.hidden = key !== name;
  const title = markTask(byId("site-nav", HTMLElement), name) ?? withSubscripts(setup?.preset.title ?? "Run");
  document.title = name === "gallery" ? "Crucible" : `${title} – Crucible`;
  if (!changed) return;
  window.scrollTo(0, 0);
  byId("main", HTMLElement).focus({ preventScroll: true });
}
