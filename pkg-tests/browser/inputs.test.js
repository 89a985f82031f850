// Files and numbers of a person's own, good and bad: each fault is named and the page stays usable.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { choose, fill, launch, openPage, repositoryFile, untilState } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const POTENTIAL = repositoryFile("potentials/cacl2-kcl/potential.almtp");
// Without the active set, which is not text.
const potentialText = readFileSync(POTENTIAL, "latin1").split("#MVS")[0];

/** @param {string} name @param {string} text */
function file(name, text) {
  return { name, mimeType: "text/plain", buffer: Buffer.from(text) };
}

/** Eight atoms of rocksalt KCl as extended XYZ, with `x` as the first coordinate. @param {string} x @param {string} [third] a species */
function saltText(x = "0.0", third = "K") {
  const a = 6.3;
  const places = [
    ["K", x, 0, 0], ["K", 0, a / 2, a / 2], [third, a / 2, 0, a / 2], ["K", a / 2, a / 2, 0],
    ["Cl", a / 2, 0, 0], ["Cl", 0, a / 2, 0], ["Cl", 0, 0, a / 2], ["Cl", a / 2, a / 2, a / 2],
  ];
  const lattice = `Lattice="${a} 0 0 0 ${a} 0 0 0 ${a}" Properties=species:S:1:pos:R:3 pbc="T T T"`;
  return `8\n${lattice}\n${places.map((place) => place.join(" ")).join("\n")}\n`;
}

/**
 * @param {Page} page
 * @param {{ potential?: any, species?: string, structure?: any }} given
 */
async function giveFiles(page, { potential = POTENTIAL, species = "K Ca Cl", structure }) {
  const [potentialInput, structureInput] = [page.locator("input[type=file]").nth(0), page.locator("input[type=file]").nth(1)];
  await potentialInput.setInputFiles(potential);
  if (structure) await structureInput.setInputFiles(structure);
  await page.fill("input[name=species]", species);
  await page.waitForFunction((files) => [...document.querySelectorAll(".file-status")].filter((status) => status.textContent !== "").length === files, structure ? 2 : 1);
}

/** Presses Run and expects to be told. @param {Page} page @param {RegExp} message */
async function expectRefusal(page, message) {
  await page.click("form button[type=submit]");
  const panel = page.locator("form .error-panel");
  await page.waitForFunction(
    (source) => {
      const shown = document.querySelector("form .error-panel");
      return shown instanceof HTMLElement && !shown.hidden && !document.getElementById("setup-view")?.hidden && new RegExp(source, "i").test(shown.textContent ?? "");
    },
    message.source,
    { timeout: 30_000 },
  ).catch(async () => assert.match((await panel.textContent()) ?? "", message));
}

/** The page still runs something. @param {Page} page */
async function expectUsable(page) {
  await page.goto(`${page.url().split("#")[0]}#/`);
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 64 });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
}

test("an own potential, dropped, and a melt of a composition run", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  const data = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], "mine.mtp"));
    return transfer;
  }, potentialText);
  await page.dispatchEvent(".file-drop", "drop", { dataTransfer: data });
  await page.waitForFunction(() => document.querySelector(".file-status")?.textContent?.includes("mine.mtp"));
  await page.fill("input[name=species]", "K Ca Cl");
  await fill(page, { atoms: 64 });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  await close();
});

test("an own structure runs under an own potential", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  await giveFiles(page, { structure: file("salt.extxyz", saltText()) });
  assert.equal(await page.locator("input[name=atoms]").isVisible(), false, "a melt's fields beside an own structure");
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await page.waitForFunction(() => document.querySelector(".legend-row")?.textContent?.includes("K (4)"));
  await close();
});

test("bad files are refused with what, where and what was expected", async (t) => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  const cases = [
    { name: "truncated potential", given: { potential: file("cut.mtp", potentialText.slice(0, 700)) }, message: /cut\.mtp.*expected/s },
    { name: "garbage", given: { potential: file("noise.mtp", "\u0000\u0001ÿ garbage \u0007".repeat(50)) }, message: /noise\.mtp.*expected/s },
    { name: "too few species named", given: { species: "K Cl" }, message: /species.*found 2.*expected 3/s },
    { name: "a name that is no element", given: { species: "K Ca Xx" }, message: /Xx/ },
    { name: "a species that the potential lacks", given: { structure: file("salt.extxyz", saltText("0.0", "Na")) }, message: /Na/ },
    { name: "NaN", given: { structure: file("nan.extxyz", saltText("NaN")) }, message: /nan\.extxyz.*NaN|finite/is },
    { name: "overlapping atoms", given: { structure: file("close.extxyz", saltText("3.15")) }, message: /atom/i },
    { name: "a wrong count", given: { structure: file("count.extxyz", saltText().replace(/^8/, "9")) }, message: /count\.extxyz.*expected/s },
    { name: "no volume", given: { structure: file("flat.extxyz", saltText().replace("0 0 6.3\"", "0 0 0\"")) }, message: /volume|cell|lattice/i },
  ];
  for (const { name, given, message } of cases) {
    await t.test(name, async () => {
      await page.reload();
      await page.waitForSelector("form.setup-form");
      await giveFiles(page, given);
      await expectRefusal(page, message);
    });
  }
  await expectUsable(page);
  await close();
});

test("a file of 2 GB is refused by its size, unread", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  await page.evaluate(() => {
    const big = new File(["x"], "trajectory.cfg");
    Object.defineProperty(big, "size", { value: 2 * 1024 ** 3 });
    Object.defineProperty(big, "arrayBuffer", { value: () => Promise.reject(new Error("it was read")) });
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { files: [big] } });
    document.querySelectorAll(".file-drop")[1]?.dispatchEvent(event);
  });
  const message = page.locator(".file-drop .field-error:visible");
  await message.waitFor();
  assert.match((await message.textContent()) ?? "", /trajectory\.cfg: found 2048 MB; expected at most 64 MB/);
  // No melt takes the place of a structure that could not be read, until that is taken back.
  await page.locator("input[type=file]").first().setInputFiles(POTENTIAL);
  await page.fill("input[name=species]", "K Ca Cl");
  await fill(page, { atoms: 64 });
  await expectRefusal(page, /Structure: trajectory\.cfg: found 2048 MB/);
  await page.click("button[aria-label='Remove Structure (optional)']");
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await expectUsable(page);
  await close();
});

test("numbers out of range and compositions with a charge are refused", async (t) => {
  const { page, close } = await openPage(browser);
  await choose(page, "cacl2-kcl-melt");
  const cases = [
    { name: "a timestep of 1 ps", fields: { timestep: 1000 }, message: /Timestep: found 1000; expected a number from .* fs/ },
    { name: "10^7 atoms", fields: { atoms: 10_000_000 }, message: /Atoms: found 10000000; expected a whole number/ },
    { name: "words for a number", fields: { temperature: "hot" }, message: /Temperature: found “hot”; expected a number/ },
    { name: "a comma that could be either", fields: { temperature: "1,100" }, message: /Temperature: found “1,100”; write 1100 or 1\.1\./ },
    { name: "infinity", fields: { pressure: "1e999" }, message: /Pressure: found/ },
  ];
  for (const { name, fields, message } of cases) {
    await t.test(name, async () => {
      await page.reload();
      await page.waitForSelector("form.setup-form");
      await fill(page, fields);
      await expectRefusal(page, message);
    });
  }
  await t.test("a decimal comma and the page's own thousands are read", async () => {
    await page.reload();
    await page.waitForSelector("form.setup-form");
    await fill(page, { timestep: "1,5", atoms: "50\u202f000", pressure: "\u22120,5" });
    assert.equal(await page.locator("[aria-invalid]").count(), 0);
  });
  await t.test("a composition that is not neutral", async () => {
    await page.reload();
    await page.waitForSelector("form.setup-form");
    await page.fill("input[aria-label='Formula of component 1']", "CaCl");
    await expectRefusal(page, /neutral|charge/i);
  });
  await expectUsable(page);
  await close();
});

test("the grades at which a run warns and stops are set, kept in its specification, and checked", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "argon-liquid");
  assert.equal(await page.locator("summary:text-is('Extrapolation')").isVisible(), false, "argon has no active set");
  await page.goBack();
  await choose(page, "kcl-melt");
  await page.click("summary:text-is('Extrapolation')");
  await fill(page, { atoms: 64, "warn-above": 20 });
  await expectRefusal(page, /Stop above grade: found 10; expected a number above 20, the grade at which the run warns/);
  await fill(page, { "stop-above": 0 });
  await expectRefusal(page, /Stop above grade: found 0; expected a number from 0\.01/);
  await fill(page, { "warn-above": 0.05, "stop-above": 0.1, "keep-above": 0.05, "grade-every": 5 });
  await page.click("form button[type=submit]");
  await untilState(page, "failed");
  assert.match((await page.textContent("#run .error-panel")) ?? "", /extrapolates with a grade of .* above the limit of 0\.1/);
  assert.match((await page.textContent("#run .error-panel")) ?? "", /raise “Stop above grade” in the set-up/);
  assert.match((await page.textContent(".grade-panel .notice")) ?? "", /extrapolated: grades up to/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Specification, JSON')")]);
  const { extrapolation } = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.deepEqual(extrapolation, { every: 5, warn: 0.05, stop: 0.1, keep_above: 0.05 });
  await page.click("a:text-is('Set-up')");
  assert.equal(await page.inputValue("form input[name=stop-above]"), "0.1");
  await close();
});

test("an own potential has grades to set where its file has an active set", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  const grades = page.locator("summary:text-is('Extrapolation')");
  const potential = page.locator("input[type=file]").first();
  assert.equal(await grades.isVisible(), false);
  await potential.setInputFiles(POTENTIAL);
  await grades.waitFor({ state: "visible" });
  await potential.setInputFiles(file("plain.mtp", potentialText));
  await grades.waitFor({ state: "hidden" });
  await close();
});

test("a component that is removed hands its focus on, and its number is not given again", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "cacl2-kcl-melt");
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  await page.click("button[aria-label='Remove component 1']");
  assert.equal(await focused(), "Remove component 2");
  await page.click("button:text-is('Add a component')");
  assert.equal(await focused(), "Formula of component 3");
  await close();
});

test("a file can be chosen again after it was changed", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "own");
  const input = page.locator("input[type=file]").first();
  await input.setInputFiles(file("mine.mtp", potentialText));
  await page.waitForFunction(() => document.querySelector(".file-status")?.textContent?.includes("mine.mtp"));
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), input.click()]);
  // A browser tells only what differs from what it holds.
  assert.equal(await input.inputValue(), "");
  await chooser.setFiles(file("mine.mtp", `${potentialText}${" ".repeat(4096)}`));
  const before = Math.round(potentialText.length / 1024);
  await page.waitForFunction((size) => !document.querySelector(".file-status")?.textContent?.includes(`${size} kB`), before);
  await close();
});
