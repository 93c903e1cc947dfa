// What is on the stage: motions of a result side by side, the current estimate of one, a user's character.
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';
import { getBytes, keptId, postFiles } from './api.js';
import { $, el } from './dom.js';
import { Figure } from './figure.js';
import { cssColour } from '../stage.js';

const SHOWN = ['.glb', '.vrm']; // characters that the stage can show
const loader = new GLTFLoader();
const calm = matchMedia('(prefers-reduced-motion: reduce)');

export class Results {
  // stage and transport are null without WebGL; say(text) shows a status message.
  constructor(stage, transport, capabilities, { say }) {
    Object.assign(this, {
      stage,
      transport,
      capabilities,
      say,
      motions: [],
      pick: 0,
      figure: null,
      own: null,
    });
    const characters = (capabilities.retarget ?? []).filter((suffix) => SHOWN.includes(suffix));
    $('character-field').hidden = !characters.length;
    $('character-file').accept = characters.join(',');
    $('character-file').onchange = ({ target }) => target.files[0] && this.setCharacter(target.files[0]);
    for (const id of ['character-root', 'character-hands'])
      $(id).onchange = () => this.own && this.setCharacter(this.own.file);
    $('character-off').onclick = () => this.removeCharacter();
  }

  get chosen() {
    return this.motions[this.pick] ?? null;
  }

  // motions: [MotionInfo]; bodies: their GLB files, fetched if not given. Returns the bodies.
  async set(motions, bodies = null) {
    const files = bodies ?? (await Promise.all(motions.map(({ id }) => getBytes(`motions/${id}.glb`))));
    Object.assign(this, { motions, files, pick: 0, figure: null, own: null });
    await this.putOnStage();
    this.showCaptions();
    this.showPicks();
    this.showWarnings();
    return files;
  }

  async putOnStage() {
    $('empty').hidden = true;
    $('result').hidden = !this.motions.length;
    $('character-off').hidden = $('character-options').hidden = !this.own;
    if (!this.stage) return;
    const parts = await Promise.all(
      this.files.map(async (file, index) => {
        const own = this.own?.index === index;
        const {
          scene: model,
          animations: [clip],
        } = await loader.parseAsync(own ? this.own.bytes : file.slice(0), '');
        return { model, clip, own };
      }),
    );
    this.stage.setBodies(parts, Math.min(...this.motions.map(({ floor }) => floor)));
    this.transport.fps = this.motions[0].fps;
    this.transport.seek(0);
    this.transport.setPlaying(!calm.matches);
  }

  showCaptions() {
    $('captions').replaceChildren(
      ...this.motions.map(({ prompt, settings }, index) => {
        const several = this.motions.length > 1 ? ` · seed ${settings.seed}` : '';
        const line = el('li', { textContent: `${prompt ?? 'Your clip'}${several}` });
        line.style.setProperty('--colour', cssColour(index));
        return line;
      }),
    );
  }

  showPicks() {
    const several = this.motions.length > 1;
    $('picks').hidden = !several;
    $('picks').replaceChildren(
      ...this.motions.map(({ settings }, index) => {
        const input = el('input', {
          type: 'radio',
          name: 'pick',
          checked: index === this.pick,
          onchange: () => {
            this.pick = index;
          },
        });
        const label = el('label', { className: 'chip' }, input, el('i'), String(settings.seed));
        label.style.setProperty('--colour', cssColour(index));
        return label;
      }),
    );
  }

  // The server's warnings about the motions and the character.
  showWarnings() {
    const lines = [
      ...this.motions.flatMap(({ warnings }) => warnings ?? []),
      ...(this.own?.warnings ?? []),
    ];
    $('warnings').replaceChildren(...[...new Set(lines)].map((textContent) => el('li', { textContent })));
  }

  showEstimate({ joints, seconds }, text) {
    $('empty').hidden = true;
    if (!this.stage) return;
    const first = !this.figure;
    this.figure ??= new Figure(
      this.capabilities,
      getComputedStyle(document.documentElement).getPropertyValue('--accent').trim(),
    );
    this.figure.set(joints, seconds);
    if (!first) {
      this.transport.show();
      return;
    }
    $('captions').replaceChildren(el('li', { className: 'forming', textContent: text }));
    this.stage.setActors([this.figure]);
    this.transport.fps = this.capabilities.fps;
    this.transport.seek(0);
    this.transport.setPlaying(!calm.matches);
  }

  // Restores what was on the stage before an estimate, when a job was cancelled or failed.
  async dropEstimate() {
    if (!this.figure) return;
    this.figure = null;
    $('captions').replaceChildren();
    if (this.motions.length) await this.set(this.motions, this.files);
    else {
      this.stage.setActors([]);
      $('empty').hidden = false;
    }
  }

  async setCharacter(file) {
    $('character-error').textContent = '';
    this.say(`Putting the motion on ${file.name} …`);
    try {
      const motion = await keptId(this.chosen);
      const root = $('character-root').value;
      const hands = $('character-hands').value;
      const response = await postFiles('retarget', { character: file, motion, root, hands });
      const warnings = JSON.parse(response.headers.get('X-Warnings') ?? '[]');
      const blob = await response.blob();
      const bytes = await blob.arrayBuffer();
      this.own = { file, name: file.name, blob, bytes, warnings, index: this.pick };
      await this.putOnStage();
      this.say(`The motion is on ${file.name}.`);
    } catch (error) {
      this.own = null;
      $('character-error').textContent = error.message;
      this.say('');
    }
    this.showWarnings();
    $('character-file').value = '';
  }

  async removeCharacter() {
    this.own = null;
    await this.putOnStage();
    this.showWarnings();
  }
}
