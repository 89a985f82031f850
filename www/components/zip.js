// Zip files, by fflate: small, without dependencies, and kept well.

import { strToU8, unzipSync, zipSync } from "../vendor/fflate/browser.js";
import { reasonOf } from "./format.js";

/** Most that is unpacked of one archive, bytes: its own list of sizes is not to be trusted with memory. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;

/** @param {{ path: string, text: string }[]} files */
export function zipTexts(files) {
  return zipFiles(Object.fromEntries(files.map(({ path, text }) => [path, text])));
}

/** @param {Record<string, string | Uint8Array>} files by path */
export function zipFiles(files) {
  return zipSync(Object.fromEntries(Object.entries(files).map(([path, content]) => [path, typeof content === "string" ? strToU8(content) : content])));
}

/**
 * The files of an archive that are wanted, folders left out. Throws a message for the user where it is none, or too large.
 * @param {string} name @param {Uint8Array} bytes @param {(path: string) => boolean} wanted
 * @returns {{ name: string, bytes: Uint8Array }[]} under the archive's name, so that those of two archives stay apart
 */
export function unzip(name, bytes, wanted) {
  let total = 0;
  /** @type {Record<string, Uint8Array>} */
  let files;
  try {
    files = unzipSync(bytes, {
      filter: ({ name: path, size, originalSize }) => {
        if (path.endsWith("/") || !wanted(path)) return false;
        // What is only stored takes its packed size, whatever the list says of the other.
        total += Math.max(size, originalSize);
        return total <= MAX_UNPACKED_BYTES;
      },
    });
  } catch (error) {
    throw new Error(`${name}: found no zip file (${reasonOf(error)}); expected a .zip of outputs.`);
  }
  if (total > MAX_UNPACKED_BYTES) throw new Error(`${name}: unpacked it would be larger than 512 MB; expected the outputs alone.`);
  return Object.entries(files).map(([path, content]) => ({ name: `${name}/${path}`, bytes: content }));
}

