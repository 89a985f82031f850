// A computed property beside the measured one.

/** @import { Measured, Property } from "../../engine/protocol.js" */

/**
 * @typedef {object} Comparison
 * @property {Measured} measured
 * @property {number} percent deviation of the computed value, % of the measured one's size
 * @property {number | null} sigmas the same in combined standard errors, where the computed one is known
 */

/**
 * The measured value of a property, if there is one in the same unit.
 * @param {Property} property @param {Measured[]} known
 * @returns {Comparison | null}
 */
export function compare({ id, of, estimate }, known) {
  const measured = known.find((entry) => entry.id === id && (entry.of ?? "") === of && entry.unit === estimate?.unit);
  if (!measured || !estimate || measured.value === 0) return null;
  const difference = estimate.value - measured.value;
  const error = estimate.standard_error;
  const combined = error !== null && error !== undefined ? Math.hypot(error, measured.uncertainty ?? 0) : 0;
  return { measured, percent: (100 * difference) / Math.abs(measured.value), sigmas: combined > 0 ? difference / combined : null };
}
