// What the Fit view keeps, asks, refuses and says: potentials that nobody has saved, files that it can't use, methods of labels.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { FRAMES, beginFit, file, framesOf, giveData, openFit, saved, untilFit } from "./fit-steps.js";
import { launch, openPage, repositoryFile } from "./harness.js";

/** @import { Browser, Page } from "playwright-core" */

/** @type {typeof import("fflate")} */
const { strFromU8, unzipSync } = createRequire(new URL("../../www/package.json", import.meta.url))("fflate");

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const RESULT = "[aria-labelledby=fit-result-title]";
const PROGRESS = "[aria-labelledby=fit-progress-title]";
const FIT = ".fit-actions button";
const TEMPLATE = "#fit-view .fit-form .file-drop";

/** Answers what the page asks as it is told, and counts. @param {Page} page */
function answering(page) {
  const answers = { yes: false, asked: 0 };
  page.on("dialog", (dialog) => {
    answers.asked += 1;
    void (answers.yes ? dialog.accept() : dialog.dismiss());
  });
  return answers;
}

/** @param {Page} page @param {number} energy @param {number} force @param {number} stress */
async function weigh(page, energy, force, stress) {
  for (const [name, value] of Object.entries({ energy, force, stress })) await page.fill(`#fit-view input[name=${name}-weight]`, String(value));
}

/** @param {Page} page @param {RegExp} words in the page's Fit view */
async function untilSaid(page, words) {
  await page.waitForFunction((source) => new RegExp(source).test(document.getElementById("fit-view")?.innerText ?? ""), words.source);
}

/** Whether the browser would ask before the page is left. @param {Page} page */
function asksOnLeaving(page) {
  return page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
}

test("a potential that is not saved is not lost to a new fit unasked, nor to one that leads to nothing", async () => {
  const { page, close } = await openPage(browser);
  const answers = answering(page);
  await openFit(page);
  await giveData(page, [file("few.extxyz", FRAMES.slice(0, 4).join(""))]);
  await beginFit(page, { steps: 2, "held-out": 10 });
  await untilFit(page, "graded");
  assert.equal(answers.asked, 0);
  // A tenth of four is none.
  await page.locator(`${RESULT} .caution`, { hasText: "Nothing could be held out" }).waitFor();
  const heldOut = page.locator(`${PROGRESS} li`, { hasText: "Held out" });
  assert.equal(await heldOut.isVisible(), false, "words on held-out configurations, where there are none");
  const errors = await page.locator(`${RESULT} [aria-label=Errors]`).innerText();

  await weigh(page, 0, 0, 0);
  await page.click(FIT);
  assert.equal(answers.asked, 1);
  assert.equal(await page.isVisible("#fit > .error-panel"), false, "a fit that was not wanted began");
  answers.yes = true;
  await page.press("#fit-view input[name=energy-weight]", "Enter");
  await page.waitForFunction(() => /weights/.test(document.querySelector("#fit > .error-panel")?.textContent ?? ""));
  await page.waitForSelector(`${RESULT}:visible`);
  assert.equal(await page.locator(`${RESULT} [aria-label=Errors]`).innerText(), errors);

  await weigh(page, 1, 0.01, 0.001);
  await giveData(page, [file("many.extxyz", FRAMES.slice(4, 80).join(""))]);
  await page.selectOption("select[name=level]", "16");
  await page.waitForSelector(`${FIT}:enabled`);
  await page.click(FIT);
  await page.click(`${PROGRESS} button:text-is('Cancel')`);
  await untilSaid(page, /Cancelled before the first step was complete/);
  await page.waitForSelector(`${RESULT}:visible`);
  assert.equal(await page.locator(`${RESULT} [aria-label=Errors]`).innerText(), errors);

  // Configurations that are held out now were fitted to before.
  await page.click("button[aria-label='Remove many.extxyz']");
  await page.fill("#fit-view input[name=held-out]", "50");
  await page.locator(".data-status", { hasText: "4 configurations" }).waitFor();
  await page.waitForSelector("button:text-is('Go on'):enabled");
  await page.click("button:text-is('Go on')");
  await untilFit(page, "graded");
  assert.match(await heldOut.innerText(), /may have been fitted to them before/);
  assert.equal(await page.locator(`${RESULT} .caution`, { hasText: "Nothing could be held out" }).count(), 0);

  const before = answers.asked;
  await saved(page, "Potential, .mtp");
  await page.selectOption("select[name=level]", "4");
  await page.waitForSelector(`${FIT}:enabled`);
  await page.click(FIT);
  await untilFit(page, "graded");
  assert.equal(answers.asked, before, "it asks for what was saved");
  assert.doesNotMatch(await heldOut.innerText(), /fitted to them before/);
  await close();
});

test("a run of a fitted potential is no safe place for it, but its files can be taken home", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 12).join(""))]);
  await beginFit(page, { steps: 2 });
  await untilFit(page, "graded");
  await page.click("button:text-is('Run it')");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  assert.ok(await asksOnLeaving(page), "the potential is lost without a question");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Specification with its files, .zip')")]);
  assert.equal(download.suggestedFilename(), "fitted-potential-run.zip");
  const files = unzipSync(readFileSync(await download.path()));
  assert.deepEqual(Object.keys(files).sort(), ["fitted.almtp", "run.json", "start.extxyz"]);
  const { potential, structure } = JSON.parse(strFromU8(files["run.json"] ?? new Uint8Array()));
  assert.deepEqual([potential.file, structure.file], ["fitted.almtp", "start.extxyz"]);
  // The active set is bytes, and comes as such.
  const almtp = Buffer.from(files["fitted.almtp"] ?? new Uint8Array());
  assert.match((await page.textContent("[aria-labelledby=export-title]")) ?? "", /crucible md run\.json/);
  await page.click("a:text-is('Fit view')");
  const [own] = await Promise.all([page.waitForEvent("download"), page.click("button:text-is('Potential with active set, .almtp')")]);
  assert.ok(readFileSync(await own.path()).equals(almtp), "the run's potential is another one");
  assert.equal(await asksOnLeaving(page), false);
  await close();
});

test("inputs are preset for the method of the data, and another one is told", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  const alloys = framesOf(readFileSync(repositoryFile("potentials/ca-cu/data/test.extxyz"), "utf8"));
  const [code, electrons] = [page.locator("select[name=label-code]"), page.locator(".label-panel select").nth(1)];
  const choices = async () => [await code.inputValue(), await electrons.inputValue()];
  const status = page.locator(".data-status");
  assert.deepEqual(await choices(), ["cp2k", "salt"]);
  await giveData(page, [file("alloy.extxyz", alloys.slice(0, 3).join(""))]);
  await status.filter({ hasText: "3 configurations" }).waitFor();
  assert.deepEqual(await choices(), ["gpaw", "metal"]);

  // What the data are stays, whatever the code.
  await code.selectOption("cp2k");
  assert.deepEqual(await choices(), ["cp2k", "metal"]);
  await page.locator(".label-panel input[type=file]").first().setInputFiles([file("salt.extxyz", FRAMES[0] ?? "")]);
  const inputs = () => Promise.all([page.waitForEvent("download"), page.click("button:text-is('Download the inputs (.zip)')")]);
  await inputs();
  const caution = page.locator(".label-panel .caution");
  await caution.filter({ hasText: /The data are labelled by GPAW PBE 500 eV .*; these inputs are for CP2K PBE .*can’t be fitted together/ }).waitFor();
  await code.selectOption("gpaw");
  assert.deepEqual(await choices(), ["gpaw", "metal"]);
  assert.equal(await caution.isVisible(), false);
  await inputs();
  await page.locator(".label-panel [role=status]", { hasText: "Saved label-gpaw.zip" }).waitFor();
  assert.equal(await caution.isVisible(), false);

  // What was chosen stays, whatever comes.
  await electrons.selectOption("salt");
  await page.click("button[aria-label='Remove alloy.extxyz']");
  await giveData(page, [file("salt.extxyz", FRAMES[0] ?? "")]);
  await status.filter({ hasText: "1 configuration" }).waitFor();
  assert.deepEqual(await choices(), ["gpaw", "salt"]);
  await code.selectOption("cp2k");
  await code.selectOption("gpaw");
  assert.deepEqual(await choices(), ["gpaw", "salt"]);
  await inputs();
  await caution.filter({ hasText: /labelled by CP2K PBE-D3\(BJ\) .*; these inputs are for GPAW PBE-D3\(BJ\) 500 eV Gamma/ }).waitFor();

  // Electrons that nobody chose follow the data and the code, and not what stood before.
  await page.reload();
  await page.waitForSelector("#fit-view form");
  const walk = async () => {
    const seen = [];
    for (const one of ["cp2k", "gpaw", "vasp", "gpaw", "qe"]) {
      await code.selectOption(one);
      seen.push(await electrons.inputValue());
    }
    return seen;
  };
  assert.deepEqual(await walk(), ["salt", "metal", "salt", "metal", "salt"]);
  await giveData(page, [file("alloy.extxyz", alloys[0] ?? "")]);
  await status.filter({ hasText: "1 configuration" }).waitFor();
  assert.deepEqual(await walk(), Array(5).fill("metal"));
  await page.click("button[aria-label='Remove alloy.extxyz']");
  await giveData(page, [file("salt.extxyz", FRAMES[0] ?? "")]);
  await status.filter({ hasText: "K (" }).waitFor();
  assert.deepEqual(await walk(), Array(5).fill("salt"));
  await close();
});

test("structures whose file numbers their species say which field names them", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await page.locator(".label-panel input[type=file]").first().setInputFiles([repositoryFile("pkg-tests/reference/training/db_S2.cfg")]);
  await page.click("button:text-is('Download the inputs (.zip)')");
  await page.locator(".label-panel .field-error:visible", { hasText: "need their names under “Species, where files number them”" }).waitFor();
  await close();
});

test("a fit that is begun by keyboard leaves the focus at its stage", async () => {
  const { page, close } = await openPage(browser);
  const answers = answering(page);
  answers.yes = true;
  await openFit(page);
  await giveData(page, [file("few.extxyz", FRAMES.slice(0, 6).join(""))]);
  await page.selectOption("select[name=level]", "4");
  await page.fill("#fit-view input[name=starts]", "1");
  for (const button of [FIT, "button:text-is('Go on')"]) {
    await page.waitForSelector(`${button}:enabled`);
    await page.focus(button);
    await page.keyboard.press("Enter");
    await untilFit(page, "running", "finished", "graded");
    assert.ok(await page.locator(`${PROGRESS} .stage-name`).evaluate((stage) => stage === document.activeElement), `the focus was lost after ${button}`);
    // It stays while the button is out of use, and after.
    await untilFit(page, "graded");
    assert.ok(await page.locator(`${PROGRESS} .stage-name`).evaluate((stage) => stage === document.activeElement), `the focus was lost at the end of ${button}`);
  }
  await close();
});

test("a potential to start from that can't be used is told at its field, and no other fit begins", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await giveData(page, [file("salt.extxyz", FRAMES.slice(0, 12).join(""))]);
  await page.waitForSelector(`${FIT}:enabled`);
  const drop = page.locator(`${TEMPLATE} input[type=file]`);
  const fault = page.locator(`${TEMPLATE} .field-error:visible`);
  await drop.setInputFiles(file("empty.mtp", ""));
  await fault.filter({ hasText: "empty.mtp: found an empty file; expected a potential (.mtp or .almtp)." }).waitFor();
  await page.waitForSelector(`${FIT}:enabled`);
  await page.click(FIT);
  assert.equal(await page.isVisible(PROGRESS), false, "a fit began without the potential that was given");
  assert.ok(await drop.evaluate((input) => input === document.activeElement), "the fault has no focus");

  await drop.setInputFiles(file("noise.mtp", "nonsense\n"));
  await fault.filter({ hasText: /noise\.mtp, line 1.*expected/ }).waitFor();
  await page.locator(".data-status", { hasText: "12 configurations" }).waitFor();
  assert.equal(await page.isVisible("[aria-labelledby=fit-data-title] .error-panel"), false, "the data are blamed for it");
  assert.ok(await page.isDisabled(FIT));

  await drop.setInputFiles(repositoryFile("potentials/ca-cu/potential.almtp"));
  await fault.filter({ hasText: /expected/ }).filter({ hasText: /K|Cl|Cu/ }).waitFor();
  await page.locator(".data-status", { hasText: "12 configurations" }).waitFor();
  assert.equal(await page.isVisible("[aria-labelledby=fit-data-title] .error-panel"), false, "the data are blamed for its elements");
  assert.ok(await page.isDisabled(FIT));
  await page.click(`${TEMPLATE} button`);
  await page.waitForSelector(`${FIT}:enabled`);
  assert.equal(await fault.count(), 0);
  await close();
});

test("of a folder only what can be data is taken, and each file can be removed", async () => {
  const { page, close } = await openPage(browser);
  await openFit(page);
  await page.evaluate((frames) => {
    const fileOf = (/** @type {string} */ name, /** @type {string} */ text) => ({
      isFile: true,
      name,
      fullPath: `/set/${name}`,
      file: (/** @type {(file: File) => void} */ done) => done(new File([text], name)),
    });
    const inner = [...frames.map((text, k) => fileOf(`${k}.extxyz`, text)), fileOf("notes.md", "# notes"), fileOf("run.log", "done")];
    const folder = { isFile: false, isDirectory: true, name: "set", fullPath: "/set", createReader: () => ({ readEntries: (/** @type {(some: any[]) => void} */ done) => done(inner.splice(0)) }) };
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { items: [{ webkitGetAsEntry: () => folder }], files: [] } });
    document.querySelector("[aria-labelledby=fit-data-title] .file-drop")?.dispatchEvent(event);
  }, FRAMES.slice(0, 14));
  const panel = page.locator("[aria-labelledby=fit-data-title]");
  await panel.locator("text=2 files were left alone").waitFor();
  await page.locator(".data-status", { hasText: "14 configurations" }).waitFor();
  assert.equal(await panel.locator("button[aria-label='Remove set/13.extxyz']").isVisible(), false);
  await panel.locator("summary:text-is('and 2 more')").click();
  await panel.locator("button[aria-label='Remove set/13.extxyz']").click();
  await page.locator(".data-status", { hasText: "13 configurations" }).waitFor();
  await panel.locator("summary:text-is('and 1 more')").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Remove set/12.extxyz");
  // What comes alone is taken whatever its name.
  await giveData(page, [file("labels.txt", FRAMES[13] ?? "")]);
  await page.locator(".data-status", { hasText: "14 configurations" }).waitFor();
  await close();
});
