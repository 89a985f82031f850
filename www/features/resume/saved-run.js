// The latest run, kept in this browser, so that a closed tab loses no more than some seconds of it.

import { openDB } from "../../vendor/idb/index.js";

/** @import { Progress } from "../../engine/protocol.js" */
/** @import { RunRequest } from "../setup/setup-form.js" */

const DATABASE = "crucible";
const STORE = "runs";
/** Only the latest run is kept: a checkpoint may take megabytes. */
const LATEST = "latest";

/**
 * Everything that a run needs to go on.
 * @typedef {object} SavedRun
 * @property {string} title
 * @property {string} preset name of the gallery's entry that it came from
 * @property {RunRequest} request with its files
 * @property {Uint8Array} checkpoint
 * @property {Progress} progress
 * @property {number} savedAt ms since 1970
 */

/** @type {ReturnType<typeof openDB> | undefined} */
let opened;

function database() {
  opened ??= openDB(DATABASE, 1, { upgrade: (fresh) => void fresh.createObjectStore(STORE) });
  return opened;
}

/** Keeps a run in place of the one before. @param {SavedRun} run @returns {Promise<boolean>} whether it could be kept */
export async function saveRun(run) {
  try {
    await (await database()).put(STORE, run, LATEST);
    return true;
  } catch {
    // Private windows and full disks keep nothing; the run itself goes on.
    return false;
  }
}

/** @returns {Promise<SavedRun | undefined>} */
export async function savedRun() {
  try {
    return await (await database()).get(STORE, LATEST);
  } catch {
    return undefined;
  }
}

export async function forgetRun() {
  try {
    await (await database()).delete(STORE, LATEST);
  } catch {
    // Nothing was kept.
  }
}
