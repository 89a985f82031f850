// What the forces come from and how far they can be trusted, from the potential's card.

import { el } from "../../components/dom.js";
import { significant, withSubscripts } from "../../components/format.js";

/** @import { About } from "../../engine/protocol.js" */

export class PotentialPanel {
  constructor() {
    this.body = el("div", {});
    this.element = el("section", { class: "card panel", "aria-labelledby": "potential-title", hidden: true }, el("h2", { id: "potential-title" }, "The potential"), this.body);
  }

  /** @param {About} about */
  show({ card }) {
    this.element.hidden = card === null;
    if (!card) return;
    const { fit, valid } = card;
    const errors = [
      [fit.force_rmse_mev_per_angstrom, "meV/Å in forces"],
      [fit.energy_rmse_mev_per_atom, "meV/atom in energy"],
      [fit.stress_rmse_gpa, "GPa in stress"],
    ].flatMap(([error, unit]) => (typeof error === "number" ? [`${significant(error, 2)} ${unit}`] : []));
    const [low, high] = valid.temperature_k;
    this.body.replaceChildren(
      el("p", {}, withSubscripts(card.description.trim())),
      el("p", { class: "quiet-text" }, `Fitted to: ${fit.data.trim()}`),
      ...(errors.length > 0 ? [el("p", { class: "quiet-text" }, `Typical error on data that it never saw: ${errors.join(", ")}.`)] : []),
      el("p", { class: "quiet-text" }, `Meant for: ${withSubscripts(valid.range)} ${low} to ${high} K.`),
      ...(valid.limits.length > 0 ? [el("details", {}, el("summary", {}, "Its limits"), el("ul", {}, ...valid.limits.map((limit) => el("li", {}, limit))))] : []),
    );
  }
}
