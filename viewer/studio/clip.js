// A clip to edit, from a file or from the stage: what to keep and what to generate.
import { postFiles } from './api.js';
import { $, FieldError } from './dom.js';

export class Clip {
  // show(info) puts the clip on the stage; fail(error) shows an error.
  constructor({ formats, limits }, { show, fail }) {
    Object.assign(this, { show, fail, info: null });
    const readable = formats.filter((one) => one.readable).map(({ name }) => `.${name}`);
    $('clip-file').accept = readable.join(',');
    $('clip-hint').textContent =
      `${readable.join(', ')}, up to ${Math.round(limits.upload_bytes / 1e6)} MB. It is sent to this server only.`;
    $('clip-file').onchange = ({ target }) => target.files[0] && this.upload(target.files[0], limits);
    $('keep').onchange = () => this.showSettings();
    for (const id of ['gap-from', 'gap-to']) $(id).oninput = () => this.showGap(id);
    const panel = $('mode-clip');
    panel.ondragover = (event) => event.preventDefault();
    panel.ondrop = (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.upload(event.dataTransfer.files[0], limits);
    };
  }

  async upload(file, { upload_bytes: most }) {
    $('clip-file-error').textContent = '';
    try {
      if (file.size > most)
        throw new Error(
          `${file.name} has ${(file.size / 1e6).toFixed(1)} MB: the limit is ${most / 1e6} MB.`,
        );
      const info = await (await postFiles('motions', { file })).json();
      this.set({ id: info.id, name: file.name, duration: info.duration });
      await this.show(info);
    } catch (error) {
      this.fail(new FieldError('clip-file', error.message));
    }
  }

  // clip: {id, name, duration}, or null; gap: [from, to] in seconds, the middle third if there is none.
  set(clip, gap = null) {
    this.info = clip;
    $('clip-settings').hidden = !clip;
    if (!clip) return;
    $('clip-name').textContent = `${clip.name} · ${clip.duration.toFixed(2)} s`;
    const ends = gap ?? [clip.duration / 3, (clip.duration * 2) / 3];
    ['gap-from', 'gap-to'].forEach((id, index) => {
      $(id).max = clip.duration;
      $(id).value = ends[index];
    });
    this.showSettings();
  }

  showSettings() {
    $('gap').hidden = $('keep').value !== 'around';
    $('more-field').hidden = $('keep').value !== 'after';
    this.showGap('gap-to');
  }

  get gap() {
    return ['gap-from', 'gap-to'].map((id) => Number($(id).value));
  }

  showGap(changed) {
    const [from, to] = this.gap;
    if (from > to) $(changed).value = changed === 'gap-from' ? to : from;
    const [start, end] = this.gap;
    const length = Number($('gap-to').max) || 1;
    const bar = $('gap-range').firstElementChild.style;
    Object.assign(bar, { left: `${(start / length) * 100}%`, width: `${((end - start) / length) * 100}%` });
    $('gap-text').textContent =
      `${start.toFixed(2)} to ${end.toFixed(2)} s, ${(end - start).toFixed(2)} s long`;
  }
}
