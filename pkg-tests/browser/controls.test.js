// Pause, step, reset, keyboard; resets leave nothing behind; the view draws only when something changed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { choose, fill, launch, openPage, shownStep, untilState } from "./harness.js";

/** @import { Browser, CDPSession, Page } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** @param {Page} page */
async function startArgon(page) {
  await choose(page, "argon-liquid");
  await fill(page, { atoms: 108, equilibration: 0.5, production: 100_000 });
  await page.click("form button[type=submit]");
  await untilState(page, "running");
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
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

test("a paused view draws nothing, and draws again when turned", async () => {
  const { page, close } = await openPage(browser);
  await page.evaluate(() => {
    const { prototype } = WebGL2RenderingContext;
    const draw = prototype.drawElementsInstanced;
    Object.assign(window, { draws: 0 });
    prototype.drawElementsInstanced = function (...given) {
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

test("twenty resets leave no worker and no memory behind", async () => {
  const { page, close } = await openPage(browser);
  await startArgon(page);
  const session = await page.context().newCDPSession(page);
  const workers = await countWorkers(session);
  assert.ok((await workers()) >= 2, "expected the session's worker and its pool");
  const one = await workers();
  const memory = async () => (await page.evaluate(() => /** @type {any} */ (performance).measureUserAgentSpecificMemory())).bytes;
  const reset = async () => {
    await page.click("button:text-is('Reset')");
    await untilState(page, "running");
  };
  for (let i = 0; i < 3; i++) await reset();
  const early = await memory();
  for (let i = 0; i < 17; i++) await reset();
  await page.waitForFunction(() => /step [1-9]/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
  assert.equal(await workers(), one);
  // A leaked engine would hold its memory, 17 times over; a garbage collector that lags holds one or two.
  const growth = (await memory()) - early;
  assert.ok(growth < 3 * 32e6, `memory grew by ${(growth / 1e6).toFixed(0)} MB`);
  await close();
});

/** Counts the live workers of a page, nested ones included. @param {CDPSession} session */
async function countWorkers(session) {
  const browserSession = session;
  return async () => {
    const { targetInfos } = /** @type {any} */ (await browserSession.send("Target.getTargets", { filter: [{ type: "worker" }] }));
    return targetInfos.length;
  };
}
