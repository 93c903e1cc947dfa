// Play, scrub, speed and follow: the controls under a stage, the same in exported pages and in the studio.
// The page has #play, #scrub, #clock, #speed and #follow.
const $ = (id) => document.getElementById(id);

export class Transport {
  constructor(stage) {
    Object.assign(this, { stage, time: 0, playing: false, speed: 1, fps: 20 });
    $('play').onclick = () => this.setPlaying(!this.playing);
    $('scrub').oninput = (event) => this.seek(event.target.value * stage.duration);
    $('speed').onchange = (event) => {
      this.speed = Number(event.target.value);
    };
    $('follow').onchange = (event) => {
      stage.following = event.target.checked;
    };
  }

  // Handles the player's keys, space and the arrows for single frames; returns whether it was one of them.
  pressed(key) {
    const actions = {
      ' ': () => this.setPlaying(!this.playing),
      ArrowLeft: () => this.seek(this.time - 1 / this.fps),
      ArrowRight: () => this.seek(this.time + 1 / this.fps),
    };
    actions[key]?.();
    return key in actions;
  }

  seek(time) {
    this.setPlaying(false);
    this.time = Math.min(Math.max(time, 0), this.stage.duration);
    this.show();
  }

  setPlaying(playing) {
    this.playing = playing;
    if (playing && this.time >= this.stage.duration) this.time = 0;
    $('play').classList.toggle('playing', playing);
    $('play').setAttribute('aria-label', playing ? 'Pause' : 'Play');
  }

  advance(seconds) {
    if (!this.playing) return;
    const { duration } = this.stage;
    this.time += seconds * this.speed;
    if (this.time > duration) this.time = duration ? this.time % duration : 0;
    this.show();
  }

  show() {
    const { duration } = this.stage;
    this.stage.show(this.time);
    $('scrub').value = duration ? this.time / duration : 0;
    const length = duration && duration + 1 / this.fps; // the last frame lasts as long as the others
    $('clock').textContent = `${this.time.toFixed(2)} / ${length.toFixed(2)} s`;
  }
}
