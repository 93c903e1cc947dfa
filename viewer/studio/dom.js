// Helpers for the page's elements.
export const $ = (id) => document.getElementById(id);

// A new element: role, "data-..." and "aria-..." are set as attributes, all others as properties.
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// An error of a field, shown next to it, or in the form's own line if there is no such field.
export class FieldError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

export function clearErrors() {
  for (const line of document.querySelectorAll('.error')) line.textContent = '';
  for (const field of document.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

export function showError({ field, message }) {
  const line = (field && $(`${field}-error`)) || $('form-error');
  line.textContent = message;
  const input = field && $(field);
  if (!input?.matches('input, textarea, select')) return;
  input.closest('details')?.setAttribute('open', '');
  input.setAttribute('aria-invalid', 'true');
  input.focus();
}

// A typed number, with decimal comma or point; null if the field is empty.
export function typedNumber(field, name, text, { low = -Infinity, high = Infinity, whole = false } = {}) {
  const typed = String(text ?? '')
    .trim()
    .replace(',', '.');
  if (!typed) return null;
  const number = Number(typed);
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number)) || number < low || number > high) {
    const kind = whole ? 'a whole number' : 'a number';
    const range = high === Infinity ? `of ${low} or more` : `from ${low} to ${high}`;
    throw new FieldError(field, `${name} “${text}”: use ${kind} ${range}.`);
  }
  return number;
}
