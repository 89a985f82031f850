// What is wrong with what stands in a field, below it and for screen readers.

/**
 * @param {HTMLInputElement} input @param {HTMLElement} place for the message @param {string} message empty where nothing is wrong
 * @returns {boolean} whether nothing is wrong
 */
export function showFault(input, place, message) {
  place.textContent = message;
  place.hidden = message === "";
  if (message) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  return message === "";
}
