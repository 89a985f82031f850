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
 * Refuses what is no text as the engine refuses a text that it can't read.
 *
 * @param {string} what @param {unknown} text
 */
function requireText(what, text) {
  if (typeof text === 'string') return;
  const found = text === null ? 'null' : typeof text;
  throw { kind: 'invalid', message: `${what}: found ${found}; expected the text of a file, a string`, hint: null };
}

/**
 * Energy, site energies, forces and PlusStress of every configuration of a .cfg text.
 *
 * Rejects with `{ kind, message, hint }` where the input can't be used.
 */
export async function evaluate(potentialText, cfgText) {
  requireText('potential', potentialText);
  requireText('configurations', cfgText);
  ready ??= load();
  await ready;
  return evaluateNow(potentialText, cfgText);
}
