// Zip files, by fflate: small, without dependencies, and kept well.

import { strToU8, unzipSync, zipSync } from "../vendor/fflate/browser.js";

/** Most that is unpacked of one archive, bytes: its own list of sizes is not to be trusted with memory. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

/** @param {{ path: string, text: string }[]} files */
export function zipTexts(files) {
  return zipSync(Object.fromEntries(files.map(({ path, text }) => [path, strToU8(text)])));
}

/**
 * The files of an archive, folders left out. Throws a message for the user where it is none, or too large.
 * @param {string} name @param {Uint8Array} bytes
 * @returns {{ name: string, bytes: Uint8Array }[]}
 */
export function unzip(name, bytes) {
  let total = 0;
  /** @type {Record<string, Uint8Array>} */
  let files;
  try {
    files = unzipSync(bytes, {
      filter: ({ originalSize }) => {
        total += originalSize;
        return total <= MAX_UNPACKED_BYTES;
      },
    });
  } catch (error) {
    throw new Error(`${name}: found no zip file (${error instanceof Error ? error.message : error}); expected a .zip of outputs.`);
  }
  if (total > MAX_UNPACKED_BYTES) throw new Error(`${name}: unpacked it would be larger than 512 MB; expected the outputs alone.`);
  return Object.entries(files)
    .filter(([path]) => !path.endsWith("/"))
    .map(([path, content]) => ({ name: path, bytes: content }));
}

