// Pause, step, reset, keyboard; resets leave nothing behind; the view draws only when something changed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { PATIENCE_MS, choose, fill, launch, openPage, shownStep, untilState } from "./harness.js";

/** @import { Browser, CDPSession, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Engines that are started and ended while memory is watched. */
const ENGINES = 20;
/** Memory that each may leave behind, MB. One with its workers holds well over 20; the whole has been seen to grow by 2 for each before it settles. */
const MOST_LEFT_MB = 6;

/** @param {Page} page */
async function untilItMoves(page) {
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
}

/** @param {Page} page @param {number} [production] ps */
async function startArgon(page, production = 100_000) {
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.5, production });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await untilItMoves(page);
}

test("the space bar pauses and continues; a step is one step", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  await page.focus("#main");
  await page.keyboard.press("Space");
  await untilState(page, "paused");
  const paused = await shownStep(page);
  await page.waitForTimeout(400);
  assert.equal(await shownStep(page), paused, "it went on while paused");
  await page.click("button:text-is('Step')");
  await page.waitForFunction((before) => !document.querySelector(".run-bar .numbers")?.textContent?.includes(before), `step ${paused.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f")} `);
  assert.equal(await shownStep(page), paused + 1);
  await page.focus("#main");
  await page.keyboard.press("Space");
  await untilState(page, "running");
  await close();
});

test("after a press by mouse the space bar pauses; by keyboard it presses again", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  const space = async (/** @type {string} */ state) => {
    await page.keyboard.press("Space");
    await untilState(page, state);
  };
  await page.click("button[aria-label='Turn left']");
  await space("paused");
  await page.click("button:text-is('Step')");
  await space("running");
  await page.click("button:text-is('Reset')");
  await untilState(page, "running");
  await untilItMoves(page);
  await space("paused");
  await page.click("button:text-is('Continue')");
  await untilState(page, "running");
  await space("paused");
  await page.focus("button:text-is('Step')");
  for (let presses = 0; presses < 2; presses++) {
    const before = await shownStep(page);
    await page.keyboard.press("Space");
    while ((await shownStep(page)) === before) await page.waitForTimeout(20);
    assert.equal(await shownStep(page), before + 1);
  }
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Step");
  await close();
});

test("the skip link moves the focus, and the run goes on", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  await page.focus("#skip-link");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main");
  assert.equal(await page.evaluate(() => location.hash), "#/run");
  const skipped = await shownStep(page);
  await page.evaluate(() => (location.hash = "#setup"));
  await page.waitForFunction((before) => Number(/step ([\d\u202f]+)/.exec(document.querySelector(".run-bar .numbers")?.textContent ?? "")?.[1]?.replaceAll("\u202f", "")) > before, skipped);
  assert.ok(await page.isVisible("#run-view"));
  await close();
});

test("a run that is left for another view goes on from there, with its own settings", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  const left = await shownStep(page);
  await page.click(".site-nav a[data-view=fit]");
  await page.click("a.brand");
  await page.waitForSelector(".saved-run");
  const { step: kept } = await page.evaluate(keptProgress);
  assert.ok(kept >= left, `left at step ${left}, kept at step ${kept}`);
  await page.click("button:text-is('Continue this run')");
  await untilItMoves(page);
  assert.ok((await shownStep(page)) >= kept, "it began again");
  await page.reload();
  await page.click("button:text-is('Continue this run')");
  await untilItMoves(page);
  await page.click("a:text-is('Set-up')");
  assert.equal(await page.inputValue("form input[name=atoms]"), "108");
  assert.equal(await page.inputValue("form input[name=production]"), "100000");
  await close();
});

/** Where the run stands that the browser has. */
async function keptProgress() {
  const answer = (/** @type {IDBRequest} */ request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const database = await answer(indexedDB.open("crucible"));
  const run = await answer(database.transaction("runs").objectStore("runs").get("latest"));
  database.close();
  return run.progress;
}

test("a run that stopped looks stopped, and is kept with its configurations", async () => {
  const { page, close } = await openPage(browser);
  await choose(page, "kcl-melt");
  await page.click("summary:text-is('Extrapolation')");
  await fill(page, { atoms: 64, "warn-above": 0.05, "stop-above": 0.1, "keep-above": 0.05, "grade-every": 5 });
  await page.click("form button[type=submit]");
  await untilState(page, "failed");
  const numbers = (await page.textContent(".run-bar .numbers")) ?? "";
  assert.match(numbers, /^last good state: step [\d\u202f]+ · [\d.]+ ps$/);
  assert.match((await page.textContent(".run-bar .stage-name")) ?? "", /^Stopped: /);
  assert.match((await page.textContent("#run .error-panel")) ?? "", /The run stopped at step/);
  assert.doesNotMatch((await page.textContent("#engine-badge")) ?? "", /Running/);
  const step = await shownStep(page);
  const kept = await page.evaluate(() => Number(/([1-9]\d*) kept/.exec(document.querySelector(".grade-panel")?.textContent ?? "")?.[1]));
  assert.ok(kept >= 1);
  const until = Date.now() + PATIENCE_MS;
  while ((await page.evaluate(keptProgress)).kept_configurations !== kept && Date.now() < until) await page.waitForTimeout(100);
  const saved = await page.evaluate(keptProgress);
  assert.deepEqual([saved.step, saved.kept_configurations], [step, kept], "the browser has another state of it");

  // The tab is closed, and opened again.
  await page.reload();
  await page.click("button:text-is('Continue this run')");
  await untilState(page, "failed");
  assert.match((await page.textContent("#run .error-panel")) ?? "", /extrapolates with a grade of/);
  assert.equal(await shownStep(page), step);
  const again = await page.evaluate(() => Number(/([1-9]\d*) kept/.exec(document.querySelector(".grade-panel")?.textContent ?? "")?.[1]));
  assert.ok(again >= kept, `${again} of ${kept} kept configurations`);
  await close();
});

test("of two tabs one has its run kept, and the other says so until the first is left", async () => {
  const { page, url, close } = await openPage(browser);
  await startArgon(page);
  await page.click("button:text-is('Pause')");
  await untilState(page, "paused");
  const other = await page.context().newPage();
  await other.goto(url);
  await startArgon(other);
  await other.waitForSelector("#run .notice:visible");
  assert.match((await other.textContent("#run .notice")) ?? "", /Another tab/);
  await page.click("a.brand");
  await page.waitForSelector(".saved-run");
  await other.click("button:text-is('Pause')");
  await other.waitForSelector("#run .notice", { state: "hidden" });
  await close();
});

test("a run that the browser does not keep is left, offered and forgotten in its own tab", async () => {
  const { page, url, close } = await openPage(browser);
  await startArgon(page);
  const other = await page.context().newPage();
  await other.goto(url);
  await startArgon(other, 50_000);
  await other.waitForSelector("#run .notice:visible");
  await other.click("a.brand");
  await other.click("button:text-is('Continue this run')");
  await other.click("a:text-is('Set-up')");
  assert.equal(await other.inputValue("form input[name=production]"), "50000");
  await other.click("a.brand");
  await other.click("button:text-is('Forget it')");
  await other.waitForFunction(() => document.activeElement?.id === "gallery-title");
  // The other tab's run is not forgotten with it.
  assert.ok((await page.evaluate(keptProgress)).step >= 0);
  await close();
});

test("a saved run that the engine refuses says why, whatever it is of", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  await page.click("a.brand");
  await page.waitForSelector(".saved-run");
  for (const [preset, place] of Object.entries({ "argon-liquid": "form .error-panel", fitted: "#refusal", "no-more": "#refusal" })) {
    await page.evaluate(spoilSavedRun, preset);
    await page.goto(`${page.url().split("#")[0]}#/analyze`);
    await page.click(".site-nav a[data-view=run]");
    await page.waitForFunction((name) => document.querySelector(".saved-run strong")?.textContent === name, preset);
    await page.click("button:text-is('Continue this run')");
    await page.waitForSelector(`${place}:visible`);
    assert.match((await page.textContent(place)) ?? "", /checkpoint/);
  }
  await close();
});

/** Makes the saved run one of another entry, with bytes that are no checkpoint. @param {string} preset */
async function spoilSavedRun(preset) {
  const answer = (/** @type {IDBRequest} */ request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const database = await answer(indexedDB.open("crucible"));
  const store = () => database.transaction("runs", "readwrite").objectStore("runs");
  const run = await answer(store().get("latest"));
  await answer(store().put({ ...run, preset, title: preset, checkpoint: new Uint8Array(9) }, "latest"));
  database.close();
}

test("a paused view draws nothing, and draws again when turned", async () => {
  const { page, close } = await openPage(browser);
  await page.evaluate(() => {
    const { prototype } = WebGL2RenderingContext;
    const draw = prototype.drawElements;
    Object.assign(window, { draws: 0 });
    prototype.drawElements = function (...given) {
      /** @type {any} */ (window).draws += 1;
      return draw.apply(this, given);
    };
  });
  const draws = () => page.evaluate(() => /** @type {any} */ (window).draws);
  await startArgon(page);
  await page.click("button:text-is('Pause')");
  await untilState(page, "paused");
  await page.waitForTimeout(1000);
  const before = await draws();
  assert.ok(before > 0, "the running view drew nothing");
  await page.waitForTimeout(500);
  assert.equal(await draws(), before);
  await page.focus(".atoms-canvas");
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction((drawn) => /** @type {any} */ (window).draws > drawn, before);
  await close();
});

test("resets and runs that are closed leave no worker and no memory behind", async () => {
  const { page, sent, close } = await openPage(browser);
  const devtools = await browser.newBrowserCDPSession();
  await startArgon(page);
  const workers = await liveWorkers(devtools);
  assert.ok(workers >= 2, "expected the session's worker and its pool");
  /** Another engine: by Reset, or by closing the run and going on with it. @param {number} turn */
  const another = async (turn) => {
    if (turn % 2 === 0) {
      await page.click("button:text-is('Reset')");
    } else {
      await page.click("a.brand");
      await page.click("button:text-is('Continue this run')");
    }
    await untilState(page, "running");
    // What has not moved yet is not kept when it is closed.
    await untilItMoves(page);
  };
  const settled = async () => {
    // The browser ends terminated workers in its own time.
    const until = Date.now() + 20_000;
    while ((await liveWorkers(devtools)) > workers && Date.now() < until) await page.waitForTimeout(250);
    assert.equal(await liveWorkers(devtools), workers);
    // Collectors work in their own time as well, and the run goes on: of some readings the least counts.
    const readings = [];
    for (let i = 0; i < 8; i++) {
      readings.push(await residentMegabytes(devtools));
      await page.waitForTimeout(250);
    }
    return Math.min(...readings);
  };
  for (let turn = 0; turn < 4; turn++) await another(turn);
  const early = await settled();
  for (let turn = 0; turn < ENGINES; turn++) await another(turn);
  const growth = (await settled()) - early;
  assert.ok(growth < MOST_LEFT_MB * ENGINES, `memory grew by ${growth.toFixed(0)} MB over ${ENGINES} engines`);
  // Once for the page, which compiles it for all of them, and perhaps once to be kept for use offline.
  assert.ok(sent.filter((file) => file === "pkg/threads/crucible_bg.wasm").length <= 2, "engines fetch the module anew");
  await close();
});

/** Live workers of the browser, nested ones included. @param {CDPSession} devtools */
async function liveWorkers(devtools) {
  const { targetInfos } = await devtools.send("Target.getTargets", { filter: [{ type: "worker" }] });
  return targetInfos.length;
}

/** Memory of the processes that pages run in. @param {CDPSession} devtools */
async function residentMegabytes(devtools) {
  const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const kilobytes = renderers.map(({ id }) => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]));
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1024;
}
