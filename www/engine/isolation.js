// Shared memory, and with it threads, exists only in a cross-origin isolated page. Where the host does not send the
// headers for that, the service worker adds them, which takes effect after one reload.

import { deleteAllBut } from "./offline.js";

/** Marks in this tab that the reload was tried, so that a page that stays plain never reloads in a loop, with the place in the page. */
const RELOADED = "crucible-isolation-reload";
/** In the address: remove the service worker and what it cached, and stay without it. */
const RESET_PARAMETER = "sw-reset";
/** How long to wait for a service worker to take control before the page goes on without it, ms. */
const CONTROL_TIMEOUT_MS = 4000;

/** @typedef {{ isolated: boolean, reloading: boolean, reason: string }} Isolation */

/**
 * Registers the service worker and finds out whether threads are to be had.
 * @returns {Promise<Isolation>} `reason` says in words why the page is not isolated
 */
export async function prepareIsolation() {
  const isolated = globalThis.crossOriginIsolated === true;
  const container = await serviceWorkers();
  if (new URLSearchParams(location.search).has(RESET_PARAMETER)) {
    await removeServiceWorker(container);
    return { isolated, reloading: false, reason: "its service worker was just removed on request" };
  }
  if (!container) {
    return { isolated, reloading: false, reason: "the browser offers no service worker here (it needs https or localhost)" };
  }
  /** @type {ServiceWorkerRegistration} */
  let registration;
  try {
    registration = await container.register(new URL("../service-worker.js", import.meta.url), { updateViaCache: "none" });
  } catch {
    return { isolated, reloading: false, reason: "the browser refused the service worker that would isolate it" };
  }
  if (isolated) {
    restorePlace();
    mark(false);
    return { isolated, reloading: false, reason: "" };
  }
  if (isMarked()) return { isolated, reloading: false, reason: "the browser did not isolate it, even after a reload" };
  // After a hard reload the service worker is there but leaves this page alone: the next load is under its control.
  if (!registration.active && !(await controlled(container))) {
    return { isolated, reloading: false, reason: "the service worker did not start in time" };
  }
  if (!mark(true)) return { isolated, reloading: false, reason: "the browser keeps no session storage here" };
  await loaded();
  // Not reload(): after a hard reload that would be hard as well. With the place in the page it would not be loaded anew.
  location.replace(location.pathname + location.search);
  return { isolated, reloading: true, reason: "" };
}

/** The address that opens this page by itself, where isolation can work. */
export function fullSpeedAddress() {
  const address = new URL(location.href);
  address.searchParams.delete(RESET_PARAMETER);
  return address.href;
}

/** Reading `navigator.serviceWorker` throws in some sandboxed frames. */
async function serviceWorkers() {
  try {
    return window.isSecureContext ? navigator.serviceWorker : undefined;
  } catch {
    return undefined;
  }
}

/** @param {ServiceWorkerContainer | undefined} container */
async function removeServiceWorker(container) {
  // Either may fail where the browser blocks storage; there is then nothing to remove.
  await Promise.allSettled([unregister(container), deleteAllBut()]);
  mark(false);
}

/** @param {ServiceWorkerContainer | undefined} container */
async function unregister(container) {
  for (const registration of (await container?.getRegistrations()) ?? []) {
    if (new URL(registration.scope).pathname === new URL("../", import.meta.url).pathname) await registration.unregister();
  }
}

/** @param {ServiceWorkerContainer} container */
function controlled(container) {
  if (container.controller) return Promise.resolve(true);
  return new Promise((resolve) => {
    container.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(false), CONTROL_TIMEOUT_MS);
  });
}

/** A reload that begins while a hard reload is still loading becomes part of it, and passes by the service worker too. */
async function loaded() {
  if (document.readyState === "complete") return;
  await new Promise((resolve) => window.addEventListener("load", resolve, { once: true }));
}

/** Goes back to the place in the page that was asked for before it was loaded anew. */
function restorePlace() {
  try {
    const place = sessionStorage.getItem(RELOADED);
    if (place?.startsWith("#/") && location.hash === "") history.replaceState(null, "", place);
  } catch {
    // Without storage nothing was loaded anew.
  }
}

function isMarked() {
  try {
    return sessionStorage.getItem(RELOADED) !== null;
  } catch {
    return true;
  }
}

/** @param {boolean} on @returns {boolean} whether it could be kept */
function mark(on) {
  try {
    if (on) sessionStorage.setItem(RELOADED, location.hash);
    else sessionStorage.removeItem(RELOADED);
    return true;
  } catch {
    return false;
  }
}
