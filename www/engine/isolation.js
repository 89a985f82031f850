// Shared memory, and with it threads, exists only in a cross-origin isolated page. Where the host does not send the
// headers for that, the service worker adds them, which takes effect after one reload.

import { deleteAllBut } from "./offline.js";

/**
 * In the address while the page is loaded anew: says that it was tried, so that a page that stays plain never loads in a loop.
 * Another address, too: a browser takes the same one for a reload, which after a hard reload passes by the service worker as well.
 */
const ANEW_PARAMETER = "isolate";
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
  const wasLoadedAnew = takeMark();
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
  if (isolated) return { isolated, reloading: false, reason: "" };
  if (wasLoadedAnew) return { isolated, reloading: false, reason: "the browser did not isolate it, even after a reload" };
  // After a hard reload the service worker is there but leaves this page alone: the next load is under its control.
  if (!registration.active && !(await controlled(container))) {
    return { isolated, reloading: false, reason: "the service worker did not start in time" };
  }
  loadAnew();
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

function loadAnew() {
  const address = new URL(location.href);
  address.searchParams.set(ANEW_PARAMETER, "");
  location.replace(address);
}

/** Whether this page was loaded anew; the address is then again what was asked for. */
function takeMark() {
  const address = new URL(location.href);
  if (!address.searchParams.has(ANEW_PARAMETER)) return false;
  address.searchParams.delete(ANEW_PARAMETER);
  history.replaceState(history.state, "", address);
  return true;
}
