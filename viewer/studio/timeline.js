// A timeline of several prompts: a row of fields for each, and bars under the stage that can be dragged.
import { $, el } from './dom.js';
import { placed, totalSeconds } from './settings.js';

const WHOLE_BODY = 'whole body';
const STEP = 0.5; // seconds of an arrow key and of the fields
const SHORTEST = 0.5;

export class Timeline {
  // seek(seconds) is called when the track is clicked.
  constructor(parts, { seek }) {
    Object.assign(this, { parts, seek, segments: [] });
    $('add-row').onclick = () => {
      this.set([...this.segments, { prompt: '', seconds: 3, part: WHOLE_BODY, start: 0 }]);
      $(`row-${this.segments.length - 1}`).focus();
    };
    $('bars').onclick = (event) => {
      if (event.target !== $('bars')) return;
      const box = $('bars').getBoundingClientRect();
      this.seek(((event.clientX - box.left) / box.width) * this.span);
    };
  }

  set(segments) {
    this.segments = segments;
    this.showRows();
    this.showBars();
  }

  change(index, values) {
    this.segments = this.segments.map((one, i) => (i === index ? { ...one, ...values } : one));
    this.showBars();
  }

  move(index, by) {
    const segments = [...this.segments];
    segments.splice(index + by, 0, ...segments.splice(index, 1));
    this.set(segments);
    $(`row-${index + by}`).focus();
  }

  showRows() {
    $('rows').replaceChildren(...this.segments.map((one, index) => this.row(one, index)));
  }

  row({ prompt, seconds, part, start }, index) {
    const id = `row-${index}`;
    const whole = part === WHOLE_BODY;
    const button = (label, text, disabled, onclick) =>
      el('button', {
        type: 'button',
        className: 'icon plain',
        textContent: text,
        disabled,
        onclick,
        'aria-label': `${label} prompt ${index + 1}`,
      });
    const number = (name, label, value, low) =>
      el(
        'label',
        {},
        label,
        el('input', {
          id: `${id}-${name}`,
          type: 'number',
          min: low,
          step: STEP,
          value,
          'aria-describedby': `${id}-${name}-error`,
          oninput: ({ target }) => this.change(index, { [name]: target.value }),
        }),
      );
    return el(
      'li',
      {},
      el('label', { htmlFor: id }, `Prompt ${index + 1}`),
      el('input', {
        id,
        value: prompt,
        autocomplete: 'off',
        'aria-describedby': `${id}-error`,
        oninput: ({ target }) => this.change(index, { prompt: target.value }),
      }),
      el(
        'div',
        { className: 'row' },
        ...[
          number('seconds', 'Seconds', seconds, SHORTEST),
          el(
            'label',
            {},
            'Body',
            el(
              'select',
              {
                id: `${id}-part`,
                onchange: ({ target }) => {
                  this.set(
                    this.segments.map((each, i) => (i === index ? { ...each, part: target.value } : each)),
                  );
                  $(`${id}-part`).focus();
                },
              },
              ...this.parts.map((name) => el('option', { textContent: name, selected: name === part })),
            ),
          ),
          whole ? null : number('start', 'From', start, 0),
          el('span', { className: 'space' }),
          button('Move up', '↑', index === 0, () => this.move(index, -1)),
          button('Move down', '↓', index === this.segments.length - 1, () => this.move(index, 1)),
          button('Remove', '×', this.segments.length === 1, () =>
            this.set(this.segments.filter((_, i) => i !== index)),
          ),
        ].filter(Boolean),
      ),
      ...[id, `${id}-seconds`, `${id}-start`].map((name) =>
        el('p', { className: 'error', id: `${name}-error` }),
      ),
    );
  }

  get span() {
    return Math.max(totalSeconds(this.segments), 1);
  }

  showBars() {
    const share = (seconds) => `${(seconds / this.span) * 100}%`;
    const focused = document.activeElement?.dataset?.bar;
    $('bars').replaceChildren(
      $('playhead'),
      ...placed(this.segments).map((one, index) => {
        const bar = el(
          'div',
          {
            role: 'slider',
            tabIndex: 0,
            className: one.part === WHOLE_BODY ? 'bar' : 'bar part',
            'data-bar': index,
            'aria-label': `Length of prompt ${index + 1}: ${one.prompt || 'empty'}`,
            'aria-valuemin': SHORTEST,
            'aria-valuemax': 120,
            'aria-valuenow': Number(one.seconds),
            'aria-valuetext': `${one.seconds} seconds${one.part === WHOLE_BODY ? '' : `, ${one.part}`}`,
            title: one.prompt,
            onkeydown: (event) => this.key(event, index),
            onpointerdown: (event) => this.grab(event, index),
          },
          el('span', { textContent: one.prompt || '…' }),
          el('i'),
        );
        Object.assign(bar.style, { left: share(one.start), width: share(one.end - one.start) });
        return bar;
      }),
    );
    $('bars').classList.toggle(
      'two',
      this.segments.some(({ part }) => part !== WHOLE_BODY),
    );
    if (focused !== undefined) $('bars').querySelector(`[data-bar="${focused}"]`)?.focus();
  }

  resize(index, seconds) {
    const length = Math.max(SHORTEST, Math.round(seconds * 10) / 10);
    this.change(index, { seconds: length });
    $(`row-${index}-seconds`).value = length;
  }

  key(event, index) {
    const by = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.resize(index, Number(this.segments[index].seconds) + by);
  }

  // The right edge changes the length; the rest of a part's bar moves it in time.
  grab(event, index) {
    const box = event.currentTarget.getBoundingClientRect();
    const edge = box.right - event.clientX < Math.min(16, box.width / 3);
    const { seconds, start, part } = this.segments[index];
    if (!edge && part === WHOLE_BODY) return;
    event.preventDefault();
    event.currentTarget.focus();
    const perPixel = this.span / $('bars').clientWidth;
    const drag = (to) => {
      const by = (to.clientX - event.clientX) * perPixel;
      if (edge) this.resize(index, Number(seconds) + by);
      else {
        const begin = Math.max(0, Math.round((Number(start) + by) * 10) / 10);
        this.change(index, { start: begin });
        $(`row-${index}-start`).value = begin;
      }
    };
    addEventListener('pointermove', drag);
    for (const end of ['pointerup', 'pointercancel'])
      addEventListener(end, () => removeEventListener('pointermove', drag), { once: true });
  }

  playhead(time) {
    $('playhead').style.left = `${Math.min(time / this.span, 1) * 100}%`;
  }
}
