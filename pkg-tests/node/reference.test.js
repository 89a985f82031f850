// The built module, single thread, against the values of the reference programs.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { evaluate } from "../../www/pkg/index.js";

// As the native tests ask, where the reasons stand: energies and site energies relative, forces and PlusStress relative to
// their largest component, except for the rounding noise of the reference values themselves.
const ENERGY_TOLERANCE = 1e-10;
const FORCE_TOLERANCE = 1e-9;
/** eV/Å; RBShapeev's own program cancels digits near the cutoff. @param {string} name */
const noise = (name) => (name.includes("shapeev") ? 1e-12 : 1e-15);
/** PlusStress adds up forces of some ten neighbours at up to 5 Å. */
const STRESS_NOISE = 50;

/** The copy in the tree, and the whole collection where this machine has it. */
const folders = ["../reference/", "../../../shared/reference/"].map((path) => new URL(path, import.meta.url)).filter((url) => existsSync(url));

/** @param {URL} folder @param {string} path */
const read = (folder, path) => readFileSync(new URL(path, folder), "utf8");

/** @param {URL} folder @param {string} path */
const names = (folder, path) => {
  const url = new URL(path, folder);
  const files = existsSync(url) ? readdirSync(url) : [];
  return files.filter((file) => file.endsWith(".json")).map((file) => file.replace(/\.json$/, ""));
};

let cases = 0;
for (const folder of folders) {
  for (const name of names(folder, "expected/")) {
    const species = /_(S\d)/.exec(name)?.[1] ?? "S1";
    hold(folder, name, `potentials/${name}.mtp`, `configs/${species}.cfg`, `expected/${name}.json`);
  }
  for (const name of names(folder, "fitted/")) {
    hold(folder, name, `fitted/${name}.mtp`, `fitted/${name}.cfg`, `fitted/${name}.json`);
  }
}

test("there are reference cases", () => assert.ok(cases >= 10, `${cases} cases`));

/** @param {URL} folder @param {string} name @param {string} potential @param {string} cfg @param {string} json */
function hold(folder, name, potential, cfg, json) {
  cases += 1;
  test(`${name} of ${folder.pathname.includes("pkg-tests") ? "the tree" : "the collection"}`, async () => {
    const expected = JSON.parse(read(folder, json)).cfgs;
    const { cfgs } = await evaluate(read(folder, potential), read(folder, cfg));
    assert.equal(cfgs.length, expected.length);
    for (const [index, found] of cfgs.entries()) compare(`configuration ${index + 1} (${found.name})`, found, expected[index], noise(name));
  });
}

/** @param {string} where @param {any} found @param {any} expected @param {number} noise */
function compare(where, found, expected, noise) {
  assert.equal(found.n, expected.n, where);
  if (expected.name !== undefined && found.name !== null) assert.equal(found.name, expected.name, where);
  const energies = [found.energy, ...found.site_energies];
  assert.equal(energies.length, 1 + expected.n, where);
  for (const [index, value] of [expected.energy, ...expected.site_energies].entries()) {
    within(`${where}: energy`, [energies[index]], [value], ENERGY_TOLERANCE, 0);
  }
  within(`${where}: forces`, found.forces, expected.forces, FORCE_TOLERANCE, noise);
  within(`${where}: PlusStress`, found.plus_stress_3x3, expected.plus_stress_3x3, FORCE_TOLERANCE, STRESS_NOISE * noise);
}

/**
 * Every deviation at most `tolerance` times the largest expected component, or at most `noise`.
 * @param {string} what @param {number[]} found @param {number[]} expected @param {number} tolerance @param {number} noise
 */
function within(what, found, expected, tolerance, noise) {
  assert.equal(found.length, expected.length, what);
  const allowed = Math.max(noise, tolerance * Math.max(...expected.map(Math.abs)));
  for (const [index, value] of found.entries()) {
    const deviation = Math.abs(value - expected[index]);
    assert.ok(deviation <= allowed, `${what}[${index}]: ${value}, expected ${expected[index]} within ${allowed}`);
  }
}
