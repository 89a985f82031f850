// Two tasks in one worker, since a scope has one: the headers that isolate the page, and its files kept for use offline.

/** @type {ServiceWorkerGlobalScope} */
const scope = /** @type {any} */ (self);

const CACHE = "crucible-1";

scope.addEventListener("install", () => {
  scope.skipWaiting();
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(removeOldCaches().then(() => scope.clients.claim()));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(answer(request, (kept) => event.waitUntil(kept)));
});

async function removeOldCaches() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("crucible-") && name !== CACHE).map((name) => caches.delete(name)));
}

/**
 * The network first, so that a new version shows at once; the kept copy where there is no network.
 * @param {Request} request
 * @param {(kept: Promise<void>) => void} alive keeps the worker alive until a copy is stored
 */
async function answer(request, alive) {
  try {
    const response = await fetch(request);
    if (response.ok && response.type === "basic") {
      const copy = response.clone();
      alive(caches.open(CACHE).then((cache) => cache.put(request, copy)).catch(() => undefined));
    }
    return isolate(response);
  } catch (error) {
    const kept = await caches.match(request, { ignoreSearch: request.mode === "navigate" });
    if (kept) return isolate(kept);
    throw error;
  }
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
