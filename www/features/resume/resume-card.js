// In the gallery: the run that was left, to be continued or forgotten.

import { byId, el } from "../../components/dom.js";
import { duration } from "../../components/format.js";
import { placeWords } from "../run/stages.js";
import { forgetRun, savedRun } from "./saved-run.js";

/** @import { SavedRun } from "./saved-run.js" */

/**
 * Shows the saved run, if there is one.
 * @param {HTMLElement} place @param {(run: SavedRun) => void} onContinue
 */
export async function showSavedRun(place, onContinue) {
  const run = await savedRun();
  if (!run) {
    place.replaceChildren();
    return;
  }
  const forget = async () => {
    await forgetRun();
    place.replaceChildren();
    // The button that was pressed is gone.
    byId("gallery-title", HTMLElement).focus();
  };
  place.replaceChildren(
    el(
      "div",
      { class: "card saved-run" },
      el("p", {}, el("strong", {}, run.title), ` – ${progressWords(run)}, left ${duration((Date.now() - run.savedAt) / 1000)} ago.`),
      el("button", { type: "button", class: "primary", onclick: () => onContinue(run) }, run.progress.stage === "finished" ? "Show this run" : "Continue this run"),
      el("button", { type: "button", onclick: () => void forget() }, "Forget it"),
    ),
  );
}

/** @param {SavedRun} run */
function progressWords({ progress: { stage, step, total_steps, time_ps, scan } }) {
  if (stage === "finished") return `finished after ${time_ps.toFixed(1)} ps${scan ? ` at each of ${scan.count} temperatures` : ""}`;
  const done = total_steps > 0 ? Math.floor((100 * step) / total_steps) : 0;
  return `${scan ? `${placeWords(scan)}: ` : ""}${time_ps.toFixed(1)} ps, ${done} % done`;
}
