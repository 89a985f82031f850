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

/** Whether a run is kept, or why not. @typedef {"kept" | "no-room" | "other-tab"} Keeping */

/** The lock of the tab whose run is kept: with one place for two runs, each would replace the other. */
const PLACE = "crucible-run";

/** @type {Promise<boolean> | undefined} */
let claimed;
/** Whether a run here is to be kept: it may be left while the lock is still asked for. */
let wanted = false;
let leave = () => {};

/** Makes the place of the kept run this tab's, where no other tab has it. @returns {Promise<boolean>} */
function claimPlace() {
  wanted = true;
  claimed ??= new Promise((resolve) => {
    // Where there are no locks, whoever saves last is kept.
    if (!navigator.locks) return resolve(true);
    const asked = navigator.locks.request(PLACE, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      if (lock && wanted) return held();
      // Asked again at the next save: the other tab may be gone by then.
      claimed = undefined;
    });
    asked.catch(() => resolve(true));
  });
  return claimed;
}

/** Lasts as long as the place is this tab's. @returns {Promise<void>} */
function held() {
  return new Promise((done) => {
    leave = () => {
      claimed = undefined;
      leave = () => {};
      done();
    };
  });
}

/** The run is over here: another tab may have its own kept. What is kept stays. */
export function leavePlace() {
  wanted = false;
  leave();
}

/** @type {ReturnType<typeof openDB> | undefined} */
let opened;

function database() {
  opened ??= openDB(DATABASE, 1, { upgrade: (fresh) => void fresh.createObjectStore(STORE), terminated: () => (opened = undefined) });
  return opened;
}

/**
 * Asks the database; once more over a new connection where it fails, since browsers close connections at will.
 * @template T
 * @param {(database: Awaited<ReturnType<typeof openDB>>) => Promise<T>} request
 */
async function ask(request) {
  try {
    return await request(await database());
  } catch {
    const old = opened;
    opened = undefined;
    void old?.then((connection) => connection.close()).catch(() => undefined);
    return request(await database());
  }
}

/** This tab's latest run where the browser does not keep it: it lasts as long as the tab. @type {SavedRun | undefined} */
let unkept;

/** Keeps a run in place of the one before. @param {SavedRun} run @returns {Promise<Keeping>} */
export async function saveRun(run) {
  const keeping = await store(run);
  unkept = keeping === "kept" ? undefined : run;
  return keeping;
}

/** @param {SavedRun} run @returns {Promise<Keeping>} */
async function store(run) {
  if (!(await claimPlace())) return "other-tab";
  try {
    await ask((connection) => connection.put(STORE, run, LATEST));
    return "kept";
  } catch {
    // Private windows and full disks keep nothing; the run itself goes on.
    return "no-room";
  }
}

/** The run to go on with: this tab's own, and not another tab's that is kept. @returns {Promise<SavedRun | undefined>} */
export async function savedRun() {
  if (unkept) return unkept;
  try {
    return await ask((connection) => connection.get(STORE, LATEST));
  } catch {
    return undefined;
  }
}

/** Forgets what `savedRun` gives. */
export async function forgetRun() {
  if (unkept) {
    unkept = undefined;
    return;
  }
  try {
    await ask((connection) => connection.delete(STORE, LATEST));
  } catch {
    // Nothing was kept.
  }
}
