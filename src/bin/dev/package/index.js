// Evaluates configurations under a Moment Tensor Potential, in node and in browsers, on one thread.
import init, { evaluate as evaluateNow, initSync } from './single/crucible.js';

const url = new URL('./single/crucible_bg.wasm', import.meta.url);

/** @type {Promise<unknown> | undefined} */
let ready;

/** Loads the module once; from the file where there is one, else by fetch. */
async function load() {
  if (url.protocol !== 'file:') return init({ module_or_path: url });
  const { readFile } = await import('node:fs/promises');
  return initSync({ module: await readFile(url) });
}

/**
 * Energy, site energies, forces and PlusStress of every configuration of a .cfg text.
 *
 * Rejects with `{ kind, message, hint }` where the input can't be used.
 */
export async function evaluate(potentialText, cfgText) {
  ready ??= load();
  await ready;
  return evaluateNow(potentialText, cfgText);
}
