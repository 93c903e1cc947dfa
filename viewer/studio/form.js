// The panel's fields as settings and back, their defaults and limits from the checkpoint, and the tabs.
import { $, el } from './dom.js';
import { emptySettings } from './settings.js';

const EXAMPLES = [
  'walks in a circle',
  'jumps forward',
  'kicks with the right leg',
  'sits down',
  'waves with both hands',
];
const MODES = ['prompt', 'timeline', 'clip'];
const TEXTS = {
  prompt: 'prompt',
  duration: 'duration',
  clipPrompt: 'clip-prompt',
  keep: 'keep',
  more: 'more',
  seed: 'seed',
  num: 'num',
  candidates: 'candidates',
  preset: 'preset',
  steps: 'steps',
  reg_scale: 'reg_scale',
  cfg_scale: 'cfg_scale',
};
const CHECKS = { smooth: 'path-smooth', along: 'path-along' };

export class Form {
  // parts: {timeline, clip, path}, which hold settings that are not plain fields.
  constructor(capabilities, parts) {
    Object.assign(this, { parts, mode: 'prompt' });
    const { defaults, presets, shortest, longest, limits } = capabilities;
    $('duration').placeholder = `${shortest} to ${longest}; empty: as the text suggests`;
    $('num').max = limits.motions;
    $('candidates').max = limits.motions;
    for (const name of ['steps', 'reg_scale', 'cfg_scale']) $(name).placeholder = defaults[name];
    $('preset').replaceChildren(
      el('option', { value: '', textContent: 'the checkpoint’s default' }),
      ...presets.map(({ name, steps, sampler }) =>
        el('option', { value: name, textContent: `${name}: ${steps} steps, ${sampler}` }),
      ),
    );
    $('preset').onchange = () => {
      $('steps').placeholder =
        presets.find(({ name }) => name === $('preset').value)?.steps ?? defaults.steps;
    };
    $('examples').replaceChildren(
      ...EXAMPLES.map((text) =>
        el('button', {
          type: 'button',
          className: 'chip',
          textContent: text,
          onclick: () => {
            $('prompt').value = `a person ${text}`;
          },
        }),
      ),
    );
    $('seed-again').onclick = () => {
      $('seed').value = '';
    };
    for (const mode of MODES) {
      $(`tab-${mode}`).onclick = () => this.setMode(mode);
      $(`tab-${mode}`).onkeydown = (event) => this.tabKey(event);
    }
    $('prompt').onkeydown = $('clip-prompt').onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      $('panel').requestSubmit();
    };
  }

  setMode(mode) {
    this.mode = mode;
    for (const name of MODES) {
      const chosen = name === mode;
      $(`tab-${name}`).setAttribute('aria-selected', chosen);
      $(`tab-${name}`).tabIndex = chosen ? 0 : -1;
      $(`mode-${name}`).hidden = !chosen;
    }
    $('path-section').hidden = mode !== 'prompt';
    $('bars-section').hidden = mode !== 'timeline';
    $('num-field').hidden = $('candidates-field').hidden = mode !== 'prompt';
    if (mode !== 'prompt' && this.parts.path.drawing) this.parts.path.setDrawing(false);
    this.parts.path.setShown(mode === 'prompt');
    this.parts.timeline.showBars();
  }

  tabKey(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.setMode(MODES.at((MODES.indexOf(this.mode) + by) % MODES.length));
    $(`tab-${this.mode}`).focus();
  }

  read() {
    const settings = { ...emptySettings(), mode: this.mode };
    for (const [name, id] of Object.entries(TEXTS)) settings[name] = $(id).value;
    for (const [name, id] of Object.entries(CHECKS)) settings[name] = $(id).checked;
    for (const name of ['num', 'candidates', 'more'])
      settings[name] = settings[name] === '' ? '' : Number(settings[name]);
    const { timeline, clip, path } = this.parts;
    return { ...settings, segments: timeline.segments, clip: clip.info, gap: clip.gap, path: path.points };
  }

  fill(settings) {
    for (const [name, id] of Object.entries(TEXTS)) $(id).value = settings[name];
    for (const [name, id] of Object.entries(CHECKS)) $(id).checked = settings[name];
    const { timeline, clip, path } = this.parts;
    timeline.set(settings.segments);
    clip.set(settings.clip, settings.gap);
    path.setSmooth(settings.smooth);
    path.set(settings.path);
    this.setMode(settings.mode);
    const sampling =
      ['preset', 'steps', 'reg_scale', 'cfg_scale'].some((name) => settings[name]) || settings.candidates > 1;
    if (sampling) $('sampling').open = true;
  }
}
