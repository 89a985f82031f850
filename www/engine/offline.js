// Keeps the site in the browser, with the engine that it runs on here, so that it opens without a network. The service worker answers from what is kept.

const LIST = new URL("../files.json", import.meta.url);
/** How the caches of this site begin, one for each version; the service worker knows them by the same name. */
const VERSIONS = `crucible-${new URL("./", LIST).pathname}-`;
/** An earlier cache. A page of that time that is still open somewhere may bring it back. */
const MIXED = "crucible-1";

/** Folders of the two engines. Each is megabytes, and a page runs on one of them. */
const ENGINES = { threads: "pkg/threads/", single: "pkg/single/" };

/**
 * Fetches what is not yet kept of this version of the site. Never in the way: it fails in silence, and keeps nothing where
 * the user asked the browser to save data. The other engine is kept once it is used.
 * @param {keyof typeof ENGINES} engine the one that is used
 */
export async function keepForOffline(engine) {
  try {
    const container = navigator.serviceWorker;
    if (!container || /** @type {any} */ (navigator).connection?.saveData) return;
    await container.ready;
    // One tab at a time: each deletes what is not of its version.
    await navigator.locks.request(VERSIONS, () => keepVersion(ENGINES[engine === "threads" ? "single" : "threads"]));
    document.documentElement.dataset["offline"] = "ready";
  } catch {
    // No caches here, or no network now: the page works without.
  }
}

/** @param {string} other the folder that is left out */
async function keepVersion(other) {
  const list = await fetchList();
  /** @type {{ version: string, files: string[] }} */
  const { version, files } = JSON.parse(list);
  const name = VERSIONS + version;
  const cache = await caches.open(name);
  const wanted = ["./", ...files.filter((file) => !file.startsWith(other))].map((file) => new URL(file, LIST).href);
  const missing = await notIn(cache, wanted);
  // The browser's own copies may be of an earlier version: the host says which of them still hold.
  await cache.addAll(missing.map((address) => new Request(address, { cache: "no-cache" })));
  if ((await fetchList()) !== list) {
    await caches.delete(name);
    throw new Error("the site changed meanwhile");
  }
  // Last: a cache that has its list is whole.
  await cache.put(LIST, new Response(list));
  await deleteAllBut(name);
}

async function fetchList() {
  return (await fetch(LIST, { cache: "no-store" })).text();
}

/** Deletes what is kept of this site, and nothing of another one on the same host. @param {string} [kept] the one that stays */
export async function deleteAllBut(kept) {
  const ours = (await caches.keys()).filter((name) => name.startsWith(VERSIONS) || name === MIXED);
  await Promise.all(ours.filter((name) => name !== kept).map((name) => caches.delete(name)));
}

/** @param {Cache} cache @param {string[]} addresses */
async function notIn(cache, addresses) {
  const kept = await Promise.all(addresses.map((address) => cache.match(address)));
  return addresses.filter((_, index) => kept[index] === undefined);
}
