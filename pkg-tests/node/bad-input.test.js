// What can't be used is refused with an object that says why, and the module works on afterwards.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { evaluate } from "../../www/pkg/index.js";
import { Session } from "../../www/pkg/single/crucible.js";

/** @param {string} path */
const read = (path) => readFileSync(new URL(`../reference/${path}`, import.meta.url), "utf8");
const potential = read("potentials/G_L08_S1.mtp");
const cfg = read("configs/S1.cfg");

/** @type {[string, string, string][]} */
const CASES = [
  ["an empty potential", "", cfg],
  ["a potential that ends early", potential.slice(0, potential.length / 2), cfg],
  ["an unknown radial basis", potential.replace("RBChebyshev", "RBSpherical"), cfg],
  ["a potential of another kind of file", cfg, cfg],
  ["configurations that are none", potential, "hello\n"],
  ["configurations that end early", potential, cfg.slice(0, 150)],
  ["more species than the potential has", potential, read("configs/S3.cfg")],
  ["a position that is no number", potential, cfg.replace(/(\n\s+1\s+0\s+)\S+/, "$1nan")],
  ["a size that no machine holds", potential, cfg.replace(/(Size\s+)\d+/, "$1999999999999")],
  ["nul bytes", "\0".repeat(1000), "\0".repeat(1000)],
];

for (const [name, potentialText, cfgText] of CASES) {
  test(`${name} gives an error object`, async () => {
    assert.ok(potentialText !== potential || cfgText !== cfg, "the input was not changed");
    const error = await evaluate(potentialText, cfgText).then(() => assert.fail("it was accepted"), (error) => error);
    assert.ok(["parse", "invalid"].includes(error.kind), `kind: ${error.kind} ${error}`);
    assert.match(error.message, /expected/);
    assert.ok(error.hint === null || typeof error.hint === "string");
    const { cfgs } = await evaluate(potential, cfg);
    assert.ok(Number.isFinite(cfgs[0].energy));
  });
}

/** @param {unknown} error @param {RegExp} words */
function isErrorObject(error, words) {
  const { kind, message, hint } = /** @type {Record<string, unknown>} */ (error);
  assert.equal(kind, "invalid");
  assert.match(String(message), words);
  assert.equal(hint, null);
  return true;
}

test("text that is not a string is refused, not trapped", async () => {
  for (const [potentialText, cfgText, words] of [
    [undefined, undefined, /^potential: found undefined; expected/],
    [undefined, cfg, /^potential: found undefined; expected/],
    [potential, null, /^configurations: found null; expected/],
    [potential, { cfg }, /^configurations: found object; expected/],
  ]) {
    const given = /** @type {[any, any]} */ ([potentialText, cfgText]);
    await assert.rejects(evaluate(...given), (error) => isErrorObject(error, /** @type {RegExp} */ (words)));
  }
  assert.equal((await evaluate(potential, cfg)).cfgs.length > 0, true);
});

test("a run without a specification is refused, not trapped", async () => {
  await evaluate(potential, cfg);
  for (const [specification, files, words] of [
    [undefined, {}, /^specification of the run: found a value that is no JSON; expected/],
    [() => {}, {}, /^specification of the run: found a value that is no JSON; expected/],
    [null, {}, /^specification of the run: found invalid type: null/],
    [{}, undefined, /^files: found something else; expected/],
  ]) {
    assert.throws(() => new Session(specification, files), (error) => isErrorObject(error, /** @type {RegExp} */ (words)));
  }
});
