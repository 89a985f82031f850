// What can't be used is refused with an object that says why, and the module works on afterwards.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { evaluate } from "../../www/pkg/index.js";

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

test("text that is not a string is refused, not trapped", async () => {
  // @ts-expect-error: what a caller without types may do
  await assert.rejects(evaluate(undefined, cfg));
  assert.equal((await evaluate(potential, cfg)).cfgs.length > 0, true);
});
