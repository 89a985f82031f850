// Keeps the site in the browser, with the engine that it runs on here, so that it opens without a network. The service worker answers from what is kept.

/** The service worker's name for it. */
const CACHE = "crucible-1";
const LIST = new URL("../files.json", import.meta.url);

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
    const cache = await caches.open(CACHE);
    // Before the list is fetched, since the service worker keeps that too.
    const before = await (await cache.match(LIST))?.text();
    const text = await (await fetch(LIST, { cache: "no-store" })).text();
    /** @type {{ files: string[] }} */
    const { files } = JSON.parse(text);
    const other = ENGINES[engine === "threads" ? "single" : "threads"];
    const wanted = files.filter((file) => !file.startsWith(other));
    const addresses = [new URL("./", LIST).href, ...wanted.map((file) => new URL(file, LIST).href)];
    const missing = before === text ? await notIn(cache, addresses) : addresses;
    await cache.addAll(missing);
    document.documentElement.dataset["offline"] = "ready";
  } catch {
    // No caches here, or no network now: the page works without.
  }
}

/** @param {Cache} cache @param {string[]} addresses */
async function notIn(cache, addresses) {
  const kept = await Promise.all(addresses.map((address) => cache.match(address)));
  return addresses.filter((_, index) => kept[index] === undefined);
}
