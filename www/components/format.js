// Numbers as a reader wants them.

/**
 * A number with `digits` significant digits, without an exponent where it reads well.
 * @param {number} value @param {number} [digits]
 */
export function significant(value, digits = 4) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  if (size < -4 || size > 6) return minus(value.toExponential(digits - 1));
  return minus(value.toFixed(Math.max(0, Math.min(10, digits - 1 - size))));
}

/** With a true minus sign. @param {string} text */
function minus(text) {
  return text.replaceAll("-", "\u2212");
}

/** Formulas in a text with their numbers set low: "CaCl2" becomes "CaCl₂". @param {string} text */
export function withSubscripts(text) {
  return text.replace(/([A-Z][a-z]?)(\d+)(?![\d.])/g, (_, symbol, digits) => symbol + [...digits].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join(""));
}

/** A relative error that arithmetic makes, not sampling: such a value is exact. */
const ROUNDING = 1e-9;

/**
 * A value with its standard error, rounded to the error's first digit, or its first two below 3: "1.875 ± 0.012".
 * @param {number} value @param {number | null | undefined} error
 */
export function withError(value, error) {
  if (error === null || error === undefined || !Number.isFinite(error) || error <= ROUNDING * Math.abs(value)) return significant(value);
  const size = Math.floor(Math.log10(error));
  const digits = error / 10 ** size < 3 ? 2 : 1;
  const decimals = Math.max(0, Math.min(10, digits - 1 - size));
  return `${minus(value.toFixed(decimals))} ± ${error.toFixed(decimals)}`;
}

/** A number as it is, with a true minus sign and thin spaces between thousands. @param {number} value */
export function plain(value) {
  return Number.isInteger(value) && value >= 0 ? count(value) : minus(String(value));
}

/** A count with thin spaces between thousands. @param {number} value */
export function count(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** A temperature as it was set: "1100 K", "94.4 K". @param {number} value */
export function kelvin(value) {
  return `${Number(value.toPrecision(6))} K`;
}

/** Why something failed, whatever was thrown. @param {unknown} thrown @returns {string} */
export function reasonOf(thrown) {
  if (typeof thrown === "object" && thrown !== null && "message" in thrown) return String(thrown.message);
  return String(thrown);
}

/** A duration in the unit that suits it. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
