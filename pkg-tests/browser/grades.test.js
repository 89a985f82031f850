// A potential with an active set: the page says how far the run extrapolates; without one it says nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { choose, fill, launch, openPage, repositoryFile, untilState } from "./harness.js";

/** @import { Browser } from "playwright-core" */

/** @type {Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const { potential, graded } of [
  { potential: "grades/L08_S2_nbh.almtp", graded: true },
  { potential: "potentials/G_L08_S2.mtp", graded: false },
]) {
  test(`a run ${graded ? "with" : "without"} an active set shows ${graded ? "its" : "no"} grades`, async () => {
    const { page, close } = await openPage(browser);
    await choose(page, "own");
    const [potentialInput, structureInput] = [page.locator("input[type=file]").nth(0), page.locator("input[type=file]").nth(1)];
    await potentialInput.setInputFiles(repositoryFile(`pkg-tests/reference/${potential}`));
    await structureInput.setInputFiles(repositoryFile("pkg-tests/reference/grades/train_S2.cfg"));
    await page.fill("input[name=species]", "K Cl");
    await page.waitForFunction(() => [...document.querySelectorAll(".file-status")].filter((status) => status.textContent !== "").length === 2);
    await fill(page, { temperature: 100 });
    await page.click("form button[type=submit]");
    await page.waitForFunction(() => /step [1-9]\d/.test(document.querySelector(".run-bar .numbers")?.textContent ?? ""));
    if (graded) {
      await page.waitForFunction(() => /now, at most/.test(document.querySelector(".grade-panel figcaption")?.textContent ?? ""));
      const box = page.getByLabel("Colour by extrapolation grade");
      await box.check();
      assert.ok(await page.locator(".grade-legend").isVisible());
      assert.match((await page.locator(".grade-panel [role=status]").textContent()) ?? "", /extrapolated|knows what it meets/);
    } else {
      await untilState(page, "running");
      assert.equal(await page.locator(".grade-panel").isVisible(), false);
      assert.equal(await page.getByLabel("Colour by extrapolation grade").isVisible(), false);
    }
    await close();
  });
}
