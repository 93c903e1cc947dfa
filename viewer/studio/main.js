// The studio: reads the server's capabilities, then turns the user's input into motions on a stage.
import { Stage } from '../stage.js';
import { Transport } from '../transport.js';
import { cancelJob, followJob, getJson, keptId, postJson } from './api.js';
import { Clip } from './clip.js';
import { $, FieldError, clearErrors, showError } from './dom.js';
import { Downloads } from './downloads.js';
import { Form } from './form.js';
import { History } from './history.js';
import { FloorPath } from './path.js';
import { Results } from './results.js';
import { emptySettings, fromFragment, toFragment, toRequest } from './settings.js';
import { followTheme } from './theme.js';
import { Timeline } from './timeline.js';

const DRAFT = 'ram-studio-draft'; // in this tab's session, for reloads
const say = (text) => {
  $('status').textContent = text;
};

// Without WebGL the page shows a notice.
function newStage() {
  try {
    return new Stage($('view'));
  } catch {
    $('notice').hidden = false;
    $('view').hidden = $('empty').hidden = $('transport').hidden = $('view-top').hidden = true;
    return null;
  }
}

class Studio {
  constructor(capabilities) {
    this.capabilities = capabilities;
    this.stage = newStage();
    this.transport = this.stage && new Transport(this.stage);
    this.job = null;
    this.results = new Results(this.stage, this.transport, capabilities, { say });
    this.timeline = new Timeline(capabilities.parts, { seek: (time) => this.transport?.seek(time) });
    this.path = new FloorPath(this.stage, () => {});
    this.clip = new Clip(capabilities, { show: (info) => this.showClip(info), fail: showError });
    this.form = new Form(capabilities, this);
    this.history = new History((entry) => this.restore(entry));
    this.downloads = new Downloads(capabilities, {
      chosen: () => this.results.chosen,
      character: () => this.results.own,
    });
    followTheme(this.stage);
    this.bind();
    this.showAbout();
    this.stage?.run((seconds) => this.tick(seconds));
  }

  bind() {
    $('panel').onsubmit = (event) => {
      event.preventDefault();
      this.generate();
    };
    $('cancel').onclick = () => cancelJob(this.job).catch(showError);
    $('link').onclick = () => this.copyLink();
    $('edit-result').onclick = $('clip-from-result').onclick = () => this.editResult();
    $('view-top').onclick = () => this.setFromAbove($('view-top').getAttribute('aria-pressed') !== 'true');
    $('licence').onclick = () => $('about').showModal();
    for (const button of document.querySelectorAll('[data-close]'))
      button.onclick = () => button.closest('dialog').close();
    addEventListener('pagehide', () => this.keepDraft());
    addEventListener('keydown', (event) => {
      const elsewhere = event.target.closest?.(
        'input:not([type=range]), textarea, select, button, summary, dialog, a',
      );
      if (
        this.transport &&
        !elsewhere &&
        !event.ctrlKey &&
        !event.metaKey &&
        this.transport.pressed(event.key)
      )
        event.preventDefault();
    });
  }

  keepDraft() {
    sessionStorage.setItem(DRAFT, JSON.stringify(this.form.read()));
  }

  tick(seconds) {
    this.transport.advance(seconds);
    this.timeline.playhead(this.transport.time);
    document.body.dataset.time = this.transport.time.toFixed(3);
  }

  setFromAbove(above) {
    $('view-top').setAttribute('aria-pressed', above);
    this.stage.setFromAbove(above);
  }

  // Starts with the settings in the address, or else with this tab's draft from before a reload.
  async start() {
    const fragment = location.hash.slice(1);
    let linked = null;
    try {
      linked = fragment && fromFragment(fragment);
    } catch (error) {
      showError(error);
    }
    history.replaceState(null, '', location.pathname);
    this.form.fill(linked || { ...emptySettings(), ...JSON.parse(sessionStorage.getItem(DRAFT) ?? '{}') });
    document.body.dataset.ready = 'true';
    if (linked) await this.generate();
  }

  async generate() {
    if ($('generate').disabled) return;
    clearErrors();
    this.keepDraft();
    const settings = this.form.read();
    try {
      const { path, body } = toRequest(settings, this.capabilities);
      this.setBusy(true);
      const job = await postJson(path, body);
      this.job = job.id;
      $('cancel').hidden = false;
      const done = await followJob(job.id, {
        onQueued: ({ position }) => this.showQueue(position),
        onEstimate: (estimate) => this.showEstimate(estimate, settings),
      });
      if (done) await this.finish(done, settings);
      else {
        await this.results.dropEstimate();
        say('Cancelled.');
      }
    } catch (error) {
      say('');
      await this.results.dropEstimate();
      showError(
        error instanceof FieldError
          ? error
          : new FieldError(fieldOf(error.message, settings.mode), error.message),
      );
    } finally {
      this.job = null;
      this.setBusy(false);
    }
  }

  setBusy(busy) {
    $('generate').disabled = busy;
    $('progress').hidden = !busy;
    document.body.classList.toggle('busy', busy);
    $('cancel').hidden = true;
    if (!busy) return;
    $('bar').removeAttribute('value');
    $('progress-text').textContent = '';
    say('Requested …');
    if (this.path.drawing) this.path.setDrawing(false);
    if (this.stage?.above) this.setFromAbove(false);
  }

  showQueue(position) {
    say(position > 0 ? `In the queue, ${position} ahead of you.` : 'You are next.');
  }

  showEstimate(estimate, settings) {
    const { step, steps } = estimate;
    $('bar').value = step / steps;
    $('progress-text').textContent = `${step} of ${steps}`;
    if ($('status').textContent !== 'Generating …') say('Generating …');
    this.results.showEstimate(estimate, titleOf(settings));
  }

  async finish({ motions, request }, settings) {
    const made = { ...settings, seed: String(request.seed ?? motions[0].settings.seed) };
    const bodies = await this.results.set(motions);
    this.made = made;
    const {
      duration,
      settings: { seed },
    } = motions[0];
    say(`Done: ${duration.toFixed(1)} s, seed ${seed}.`);
    await this.history.add({ settings: made, motions, bodies, title: titleOf(settings), when: Date.now() });
  }

  async restore({ settings, motions, bodies }) {
    clearErrors();
    this.made = settings;
    this.form.fill({ ...emptySettings(), ...settings });
    await this.results.set(motions, bodies);
    say('Restored from the history.');
  }

  async copyLink() {
    const settings = this.made ?? this.form.read();
    const link = `${location.origin}${location.pathname}#${toFragment(settings)}`;
    const limits = settings.mode === 'clip' ? ' It works as long as the server keeps your clip.' : '';
    try {
      await navigator.clipboard.writeText(link);
      say(`Link copied.${limits}`);
    } catch {
      history.replaceState(null, '', link);
      say(`The link is in the address bar.${limits}`);
    }
  }

  showClip(info) {
    this.made = null;
    return this.results.set([info]);
  }

  async editResult() {
    const { chosen } = this.results;
    this.form.setMode('clip');
    try {
      if (!chosen) throw new Error('There is no motion on the stage yet: generate one, or choose a file.');
      this.clip.set({
        id: await keptId(chosen),
        name: chosen.prompt ?? 'your clip',
        duration: chosen.duration,
      });
      $('clip-prompt').focus();
    } catch (error) {
      showError(new FieldError('clip-file', error.message));
    }
  }

  showAbout() {
    const { checkpoint, terms, version, limits, fps } = this.capabilities;
    const free = !/non-?commercial|[-_ ]nc\b/i.test(terms);
    $('checkpoint').textContent = checkpoint;
    $('terms').textContent = free ? '' : 'non-commercial';
    $('about-title').textContent = `Checkpoint ${checkpoint}`;
    $('about-licence').textContent = `Terms: ${terms}`;
    $('about-terms').textContent = free ? '' : 'Check them before you use its motions commercially.';
    $('about-machine').textContent =
      `ram_sdk ${version}. ${fps} fps, up to ${limits.motions} motions and ${limits.seconds} s per request. Nothing leaves this server.`;
  }
}

function titleOf({ mode, prompt, clipPrompt, segments }) {
  if (mode === 'timeline') return segments.map((one) => one.prompt).join(', then ');
  return mode === 'clip' ? clipPrompt : prompt;
}

// The field that an error message of the server is about.
function fieldOf(message, mode) {
  const own = ['duration', 'seed', 'num', 'candidates', 'steps', 'reg_scale', 'cfg_scale', 'timeline'];
  const words = {
    ...Object.fromEntries(own.map((name) => [name, name])),
    prompt: mode === 'clip' ? 'clip-prompt' : 'prompt',
    num_candidates: 'candidates',
    num_inference_steps: 'steps',
    Path: 'path',
    path: 'path',
    segment: 'timeline',
    Keep: 'gap',
    keep: 'gap',
    motion: 'clip-file',
  };
  return words[message.match(/^[A-Za-z_]+/)?.[0]] ?? null;
}

getJson('capabilities')
  .then((capabilities) => new Studio(capabilities).start())
  .catch(showError);
