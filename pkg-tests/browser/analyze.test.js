// Trajectories of others in the Analyze view: what they show, what is wrong with them, and that a long one can be left.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { checkAccessibility, launch, openPage } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const EDGE = 20;
const ATOMS = 60;

/** Normal numbers, the same each time. @param {number} seed */
function normals(seed) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Atoms that wander by 0.1 Å a frame along each axis, as a LAMMPS dump: D = 0.01 / (2 * 100 fs) = 5e-5 Å²/fs. @param {number} frames */
function wanderers(frames) {
  const normal = normals(7);
  const at = Array.from({ length: 3 * ATOMS }, (_, k) => (((k * 7919) % 1000) / 1000) * EDGE);
  const texts = [];
  for (let k = 0; k < frames; k++) {
    const rows = Array.from({ length: ATOMS }, (_, i) => `${i + 1} 1 ${at.slice(3 * i, 3 * i + 3).map((x) => x.toFixed(5)).join(" ")}`);
    texts.push(`ITEM: TIMESTEP\n${k * 50}\nITEM: NUMBER OF ATOMS\n${ATOMS}\nITEM: BOX BOUNDS pp pp pp\n0 ${EDGE}\n0 ${EDGE}\n0 ${EDGE}\nITEM: ATOMS id type xu yu zu\n${rows.join("\n")}\n`);
    for (let j = 0; j < at.length; j++) at[j] = (at[j] ?? 0) + 0.1 * normal();
  }
  return texts.join("");
}

/**
 * Stresses of 1000 bar that forget a fifth of themselves every 10 fs: eta = V/(k T) * (1000 bar)^2 * 45 fs = 0.869 mPa s.
 * @param {number} rows
 */
function log(rows) {
  const normal = normals(3);
  // The parts off the diagonal, and with them the differences of those on it, have the same variance.
  const size = [Math.SQRT2, Math.SQRT2, Math.SQRT2, 1, 1, 1];
  const stress = size.map((own) => own * normal());
  const lines = ["# units metal", "# timestep 0.002", "# Step Temp Volume TotEng Pxx Pyy Pzz Pxy Pxz Pyz"];
  for (let k = 0; k < rows; k++) {
    lines.push([5 * k, 300, EDGE ** 3, -100, ...stress.map((s) => (1000 * s).toFixed(4))].join(" "));
    size.forEach((own, c) => (stress[c] = 0.8 * (stress[c] ?? 0) + 0.6 * own * normal()));
  }
  return `${lines.join("\n")}\n`;
}

/** @param {string} name @param {string} text */
function file(name, text) {
  return { name, mimeType: "text/plain", buffer: Buffer.from(text) };
}

/** @param {Page} page @param {{ trajectory: any, log?: any, fields?: Record<string, string> }} given */
async function give(page, { trajectory, log: logFile, fields = {} }) {
  const inputs = page.locator("#analyze input[type=file]");
  await inputs.nth(0).setInputFiles(trajectory);
  if (logFile) await inputs.nth(1).setInputFiles(logFile);
  await page.waitForFunction((count) => [...document.querySelectorAll("#analyze .file-status")].filter((s) => s.textContent !== "").length >= count, logFile ? 2 : 1);
  for (const [name, value] of Object.entries(fields)) await page.fill(`#analyze input[name="${name}"]`, value);
}

/** @param {Page} page */
async function open(page) {
  await page.click(".site-nav a[data-view=analyze]");
  await page.waitForSelector("#analyze form");
}

/** @param {Page} page @param {string} name */
async function valueOf(page, name) {
  const row = page.locator("#analyze .properties tr", { hasText: name }).first();
  await row.waitFor();
  const text = (await row.locator(".estimate").textContent()) ?? "";
  const [, value, error] = /^\(?([\d.]+) ± ([\d.]+)/.exec(text) ?? assert.fail(`${name}: ${text}`);
  return { value: Number(value), error: Number(error) };
}

test("a dump and a log give structure, motion and viscosity, which go home as files", async () => {
  const { page, close } = await openPage(browser);
  await open(page);
  assert.equal(await page.getAttribute(".site-nav a[data-view=analyze]", "aria-current"), "page");
  await checkAccessibility(page);
  const fields = { elements: "Ar", timestep: "2" };
  await give(page, { trajectory: file("walk.dump", wanderers(600)), log: file("walk.log", log(6000)), fields });
  await page.click("#analyze form button[type=submit]");
  await page.waitForSelector("#analyze canvas", { state: "visible" });
  const viscosity = await valueOf(page, "Shear viscosity");
  assert.ok(Math.abs(viscosity.value - 0.869) < 4 * viscosity.error && viscosity.error < 0.2, JSON.stringify(viscosity));
  // 1e-9 m²/s; a wanderer's share of the moving centre of mass is taken out.
  const diffusion = await valueOf(page, "Self-diffusion of Ar");
  const exact = 0.5 * (1 - 1 / ATOMS);
  assert.ok(Math.abs(diffusion.value - exact) < 4 * diffusion.error && diffusion.error < 0.2 * exact, JSON.stringify(diffusion));
  const summary = (await page.textContent("[aria-labelledby=analyze-summary-title]")) ?? "";
  assert.match(summary, /600 frames of 60 atoms, 100 fs apart.*No velocities/s);
  await checkAccessibility(page);
  const [json] = await Promise.all([page.waitForEvent("download"), page.click("#analyze button:text-is('Results, JSON')")]);
  assert.match(readFileSync(await json.path(), "utf8"), /"trajectory": "walk\.dump"[\s\S]*"shear-viscosity"/);
  const [csv] = await Promise.all([page.waitForEvent("download"), page.click("#analyze button:text-is('Properties, CSV')")]);
  assert.match(readFileSync(await csv.path(), "utf8"), /\nShear viscosity,/);
  await close();
});

test("bad files are refused with what, where and what was expected, and the view stays usable", async (t) => {
  const { page, close } = await openPage(browser);
  await open(page);
  await page.click("#analyze form button[type=submit]");
  const shown = page.locator("#analyze .error-panel");
  await shown.waitFor();
  assert.match((await shown.textContent()) ?? "", /Trajectory: found no file/);
  await checkAccessibility(page);
  const good = wanderers(20);
  const fields = { elements: "Ar", timestep: "2" };
  const cases = [
    { name: "not a number", given: { trajectory: file("nan.dump", good.replace("3 1 ", "3 1 x")), fields }, message: /nan\.dump, line 12.*finite number/s },
    { name: "no format", given: { trajectory: file("noise.txt", "some words\n".repeat(40)), fields }, message: /noise\.txt.*LAMMPS dump/s },
    { name: "uneven times", given: { trajectory: file("uneven.dump", good.replace("TIMESTEP\n500\n", "TIMESTEP\n510\n")), fields }, message: /equally spaced/ },
    { name: "one frame", given: { trajectory: file("one.dump", wanderers(1)), fields }, message: /at least 2/ },
    { name: "a log without shear", given: { trajectory: file("a.dump", good), log: file("a.log", log(9).replace("Pxy", "Other")), fields }, message: /a\.log, line 3.*pxy/s },
    { name: "charges in words", given: { trajectory: file("a.dump", good), fields: { charges: "Ar:1" } }, message: /Charges: found “Ar:1”/ },
    { name: "another element's charge", given: { trajectory: file("a.dump", good), fields: { ...fields, charges: "Na=1" } }, message: /charges: found Na/ },
  ];
  for (const { name, given, message } of cases) {
    await t.test(name, async () => {
      await page.reload();
      await open(page);
      await give(page, given);
      await page.click("#analyze form button[type=submit]");
      await shown.waitFor();
      assert.match((await shown.textContent()) ?? "", message);
    });
  }
  await page.reload();
  await open(page);
  await give(page, { trajectory: file("good.dump", good), fields });
  await page.click("#analyze form button[type=submit]");
  await page.waitForSelector("#analyze canvas", { state: "visible" });
  await close();
});

test("a long trajectory shows its progress and can be cancelled", async () => {
  const { page, close } = await openPage(browser);
  await open(page);
  await page.fill("#analyze input[name=elements]", "Ar");
  await page.fill("#analyze input[name=interval]", "100");
  // Some 400 MB that are never in memory at once; without times, so that the same frames may come again.
  const frames = wanderers(1000).replace(/ITEM: TIMESTEP\n\d+\n/g, "");
  await page.evaluate((text) => {
    const long = new File(Array.from({ length: 170 }, () => text), "long.dump");
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { files: [long] } });
    document.querySelector("#analyze .file-drop")?.dispatchEvent(event);
  }, frames);
  await page.waitForFunction(() => document.querySelector("#analyze .file-status")?.textContent?.includes("long.dump"));
  await page.click("#analyze form button[type=submit]");
  await page.waitForFunction(() => /frames, \d+ %/.test(document.querySelector(".analysis-progress")?.textContent ?? ""));
  await page.click("#analyze button:text-is('Cancel')");
  await page.waitForFunction(() => document.querySelector(".analysis-progress p")?.textContent === "Cancelled.");
  assert.equal(await page.locator("#analyze form button[type=submit]").isEnabled(), true);
  await close();
});
