// The download dialog: every format that the server can write, with its options.
import { getBlob, keptId } from './api.js';
import { $, el } from './dom.js';

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = el('a', { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

export function fileName(text) {
  return (
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60) || 'motion'
  );
}

export class Downloads {
  // chosen() returns the MotionInfo to save; character() {name, blob} if it is on a user's character.
  constructor({ formats, terms }, { chosen, character }) {
    Object.assign(this, { formats, chosen, character });
    $('download-terms').textContent = `Terms of the checkpoint: ${terms}`;
    $('format').onchange = () => this.showOptions();
    $('download-open').onclick = () => {
      this.showFormats();
      $('download').showModal();
    };
    $('download-form').onsubmit = (event) => {
      event.preventDefault();
      this.download();
    };
  }

  showFormats() {
    const before = $('format').value;
    const own = this.character();
    const others = this.formats.map(({ name, available, needs }) =>
      el('option', {
        value: name,
        textContent: available
          ? name.toUpperCase()
          : `${name.toUpperCase()} (needs ${needs.replaceAll('`', '')})`,
        disabled: !available,
      }),
    );
    if (own) others.unshift(el('option', { value: '', textContent: `On your character: ${own.name}` }));
    $('format').replaceChildren(...others);
    $('format').value = own ? '' : before || 'glb';
    this.showOptions();
  }

  showOptions() {
    $('download-error').textContent = '';
    const format = this.formats.find(({ name }) => name === $('format').value);
    $('format-hint').textContent = format
      ? capital(format.content).replaceAll('`', '')
      : 'Your file with the motion.';
    $('format-options').replaceChildren(
      ...(format?.options ?? []).map((option) => {
        const id = `option-${option.name}`;
        const value = option.default ?? '';
        const field = option.choices?.length
          ? el(
              'select',
              { id },
              ...option.choices.map((choice) =>
                el('option', { textContent: choice, selected: choice === option.default }),
              ),
            )
          : el('input', {
              id,
              value,
              autocomplete: 'off',
              inputMode: option.kind === 'text' ? 'text' : 'decimal',
            });
        Object.assign(field, { name: option.name });
        field.setAttribute('aria-describedby', `${id}-hint`);
        return el(
          'div',
          { className: 'field' },
          el('label', { htmlFor: id, textContent: capital(option.name.replaceAll('_', ' ')) }),
          field,
          el('p', { className: 'hint', id: `${id}-hint`, textContent: range(option) }),
        );
      }),
    );
  }

  async download() {
    const own = $('format').value === '' && this.character();
    $('download-error').textContent = '';
    $('download-go').disabled = true;
    try {
      if (own) save(own.blob, own.name);
      else {
        const info = this.chosen();
        const format = $('format').value;
        const given = [...$('format-options').querySelectorAll('[name]')].filter(({ value }) => value.trim());
        const options = new URLSearchParams(given.map(({ name, value }) => [name, value.trim()]));
        const blob = await getBlob(`motions/${await keptId(info)}.${format}?${options}`);
        save(blob, `${fileName(info.prompt ?? 'motion')}.${format}`);
      }
    } catch (error) {
      $('download-error').textContent = error.message;
    } finally {
      $('download-go').disabled = false;
    }
  }
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function range({ help, low, high }) {
  if (low === null) return capital(help);
  return capital(high === null ? `${help}; at least ${low}` : `${help}; ${low} to ${high}`);
}
