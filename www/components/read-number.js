// Numbers as people write them, and as this page shows them.

/** "50 000", with a space of any width. */
const GROUPED_BY_SPACES = /^[+-]?\d{1,3}(\s\d{3})+([.,]\d*)?$/;
/** "1,100": eleven hundred to some, 1.1 to others. */
const GROUPED_BY_COMMAS = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The number that is written, with a point or a comma before its decimals; NaN where it is none, or could be two. @param {string} written */
export function numberIn(written) {
  const text = tidied(written);
  const number = text.replace(",", ".");
  return NUMBER.test(number) && !GROUPED_BY_COMMAS.test(text) ? Number(number) : NaN;
}

/** How else to write what could be two numbers: "write 1100 or 1.1"; empty where that is not what is wrong. @param {string} written */
export function adviceOn(written) {
  const text = tidied(written);
  if (!GROUPED_BY_COMMAS.test(text)) return "";
  const readings = [text.replaceAll(",", ""), text.replace(",", ".")].map(Number).filter(Number.isFinite);
  return `write ${readings.join(" or ")}`;
}

/** @param {string} written */
function tidied(written) {
  const text = written.trim().replace("\u2212", "-");
  return GROUPED_BY_SPACES.test(text) ? text.replace(/\s/g, "") : text;
}
