// Two tasks in one worker, since a scope has one: the headers that isolate the page, and its files kept for use offline.

/** @type {ServiceWorkerGlobalScope} */
const scope = /** @type {any} */ (self);

const LIST = new URL("files.json", location.href).href;
/** How the caches of this site begin, one for each version. `engine/offline.js` fills them, with the list last, under the same name. */
const VERSIONS = `crucible-${new URL("./", location.href).pathname}-`;
/** An earlier cache, which could hold files of two versions. */
const MIXED = "crucible-1";

scope.addEventListener("install", () => {
  scope.skipWaiting();
});

scope.addEventListener("activate", (event) => {
  // Pages are taken over even where the storage refuses.
  event.waitUntil(caches.delete(MIXED).catch(() => false).then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request, (kept) => event.waitUntil(kept)));
});

/**
 * The network first, so that a new version shows at once; the kept copy where there is no network.
 * @param {Request} request
 * @param {(kept: Promise<void>) => void} alive keeps the worker alive until what it lacked is stored
 */
async function answer(request, alive) {
  try {
    const response = await fromNetwork(request);
    if (response.ok && response.type === "basic") alive(complete(request.url).catch(() => undefined));
    return isolate(response);
  } catch (error) {
    const kept = await (await keptVersion())?.match(request, { ignoreSearch: request.mode === "navigate" });
    if (kept) return isolate(kept);
    throw error;
  }
}

/**
 * Asks the host whether a copy still holds, however long it said that it would: a page and its scripts must be of one version.
 * What names its own way is left to it.
 * @param {Request} request
 */
function fromNetwork(request) {
  // A navigation can't be asked for with other options, so that its address is; the browser follows redirects by itself.
  if (request.mode === "navigate") return fetch(request.url, { cache: "no-cache", redirect: "manual" });
  return request.cache === "default" ? fetch(request, { cache: "no-cache" }) : fetch(request);
}

/** The newest version that is kept whole. @returns {Promise<Cache | undefined>} */
async function keptVersion() {
  const names = await caches.keys();
  for (const name of names.filter((name) => name.startsWith(VERSIONS)).reverse()) {
    const cache = await caches.open(name);
    if (await cache.match(LIST)) return cache;
  }
  return undefined;
}

/** Adds what was used and the kept version lacks, as the other engine, unless the site has changed since. @param {string} address */
async function complete(address) {
  const cache = await keptVersion();
  if (!cache || (await cache.match(address, { ignoreSearch: true }))) return;
  const [kept, now] = [await cache.match(LIST), await fetch(LIST, { cache: "no-store" })];
  if ((await kept?.text()) === (await now.text())) await cache.add(new Request(address, { cache: "no-cache" }));
}

/** Adds what makes a document isolated, and its workers loadable from there. @param {Response} response */
function isolate(response) {
  if (response.status === 0 || response.type === "opaqueredirect") return response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  // Nothing here is private, and a course page of another site may frame it.
  headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  headers.set("Document-Isolation-Policy", "isolate-and-require-corp");
  const body = response.status === 204 || response.status === 304 ? null : response.body;
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}
