// How many threads the engine gets in this tab.

/** More threads than this only wait for each other at the sizes that fit a page. */
const MOST_THREADS = 16;

/** Some hosts' rules keep the threads from starting, which shows only after a long wait: once in a tab is enough. */
let refused = false;

/** Threads need shared memory, which only an isolated page has. */
export function threadsAvailable() {
  const isolated = globalThis.crossOriginIsolated === true;
  return isolated && !refused ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
}

/** Learns from an engine that began. @param {number} asked @param {number} got */
export function noteThreads(asked, got) {
  if (asked > 1 && got === 1) refused = true;
}
