// The settings of a result: read from the form, kept for reloads, encoded in links, sent to the server.
import { FieldError, typedNumber } from './dom.js';

const SHORTEST_SEGMENT = 0.5; // seconds, the server's limit
const WHOLE_BODY = 'whole body';

export function emptySettings() {
  return {
    mode: 'prompt',
    prompt: '',
    duration: '',
    segments: [
      { prompt: 'a person walks forward', seconds: 3, part: WHOLE_BODY, start: 0 },
      { prompt: 'a person jumps', seconds: 2, part: WHOLE_BODY, start: 0 },
      { prompt: 'a person waves with the right hand', seconds: 3, part: WHOLE_BODY, start: 0 },
    ],
    clip: null, // {id, name, duration}
    clipPrompt: '',
    keep: 'around',
    gap: [0, 0],
    more: 3,
    path: [], // [x, z] in metres
    smooth: true,
    along: true,
    seed: '',
    num: 1,
    candidates: 1,
    preset: '',
    steps: '',
    reg_scale: '',
    cfg_scale: '',
  };
}

// Adds start and end: whole-body segments follow each other, those of parts have their own start.
export function placed(segments) {
  let now = 0;
  return segments.map((one) => {
    const start = one.part === WHOLE_BODY ? now : Number(one.start);
    const end = start + Number(one.seconds);
    if (one.part === WHOLE_BODY) now = end;
    return { ...one, start: rounded(start), end: rounded(end) };
  });
}

const rounded = (seconds) => Math.round(seconds * 1000) / 1000;

export const totalSeconds = (segments) =>
  placed(segments).reduce((end, one) => (one.part === WHOLE_BODY ? Math.max(end, one.end) : end), 0);

// The server's route and the body of the request; throws a FieldError if a field is invalid.
export function toRequest(settings, capabilities) {
  const shared = sampling(settings, capabilities);
  if (settings.mode === 'timeline') return composed(settings, shared, capabilities);
  if (settings.mode === 'clip') return edited(settings, shared, capabilities);
  const { shortest, longest } = capabilities;
  const duration = typedNumber('duration', 'Length', settings.duration, { low: shortest, high: longest });
  const body = {
    prompt: checkedPrompt('prompt', settings.prompt),
    ...counts(settings, capabilities),
    ...shared,
    ...(duration === null ? {} : { duration }),
  };
  if (settings.path.length === 1)
    throw new FieldError('path', 'A path needs at least two points: add one, or clear it.');
  if (settings.path.length) {
    const facing = settings.along ? 'along' : null;
    body.constraints = [{ kind: 'Path', points: settings.path, smooth: settings.smooth, facing }];
  }
  return { path: 'generate', body };
}

function checkedPrompt(field, prompt) {
  if (!prompt.trim()) throw new FieldError(field, 'Describe what the person does, such as “a person jumps”.');
  return prompt.trim();
}

function counts({ num, candidates }, { limits }) {
  const count = typedNumber('num', 'Motions', num, { low: 1, high: limits.motions, whole: true }) ?? 1;
  const high = Math.max(1, Math.floor(limits.motions / count));
  const best = typedNumber('candidates', 'Best of', candidates, { low: 1, high, whole: true }) ?? 1;
  return { num: count, candidates: best };
}

function sampling(settings, { presets, most_steps: high }) {
  const seed = typedNumber('seed', 'Seed', settings.seed, {
    low: 0,
    high: Number.MAX_SAFE_INTEGER,
    whole: true,
  });
  const given = { ...presets.find(({ name }) => name === settings.preset) };
  delete given.name;
  const steps = typedNumber('steps', 'Steps', settings.steps, { low: 1, high, whole: true });
  const reg = typedNumber('reg_scale', 'REG', settings.reg_scale, { low: 0 });
  const cfg = typedNumber('cfg_scale', 'CFG', settings.cfg_scale, { low: 0 });
  const typed = { seed, steps, reg_scale: reg, cfg_scale: cfg };
  for (const [name, value] of Object.entries(typed)) if (value !== null) given[name] = value;
  return given;
}

function composed({ segments }, shared, { limits }) {
  segments.forEach(({ prompt, seconds, start, part }, index) => {
    checkedPrompt(`row-${index}`, prompt);
    const field = `row-${index}-seconds`;
    if (typedNumber(field, 'Seconds', seconds, { low: SHORTEST_SEGMENT, high: limits.seconds }) === null) {
      throw new FieldError(field, 'How many seconds does it take?');
    }
    if (part !== WHOLE_BODY)
      typedNumber(`row-${index}-start`, 'Start', start, { low: 0, high: limits.seconds });
  });
  const entries = placed(segments).map(({ prompt, start, end, part }) => ({ prompt, start, end, part }));
  return { path: 'compose', body: { timeline: { segments: entries }, ...shared } };
}

function edited(settings, shared, { longest, limits }) {
  const { clip, keep, more } = settings;
  if (!clip) throw new FieldError('clip-file', 'Choose a clip first, or use the motion on the stage.');
  const prompt = checkedPrompt('clip-prompt', settings.clipPrompt);
  const end = clip.duration;
  if (keep === 'after') {
    const seconds =
      typedNumber('more', 'Seconds', more, { low: SHORTEST_SEGMENT, high: limits.seconds }) ?? 3;
    const segments = [kept(clip, 0, end), { prompt, start: end, end: rounded(end + seconds) }];
    return { path: 'compose', body: { timeline: { segments }, ...shared } };
  }
  const body = { motion: clip.id, prompt, ...shared };
  if (keep !== 'around') return { path: 'edit', body: { ...body, keep } };
  const [from, to] = settings.gap.map(rounded);
  if (to - from < SHORTEST_SEGMENT)
    throw new FieldError(
      'gap',
      `The gap is ${(to - from).toFixed(2)} s long: make it at least ${SHORTEST_SEGMENT} s.`,
    );
  const spans = [
    [0, from],
    [to, end],
  ].filter(([start, stop]) => stop - start > 0.1);
  if (!spans.length) throw new FieldError('gap', 'Nothing of the clip is kept: make the gap shorter.');
  if (end <= longest) return { path: 'edit', body: { ...body, keep: spans } };
  const segments = [
    ...spans.map(([start, stop]) => kept(clip, start, stop)),
    { prompt, start: from, end: to },
  ];
  return { path: 'compose', body: { timeline: { segments }, ...shared } };
}

const kept = ({ id }, start, end) => ({ motion: id, start, end, from: start });

// Settings as the fragment of an address: only those that differ from the empty settings.
export function toFragment(settings) {
  const empty = emptySettings();
  const own = Object.entries(settings).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(empty[name]),
  );
  const ofMode = {
    prompt: ['prompt', 'duration', 'path', 'smooth', 'along', 'num', 'candidates'],
    timeline: ['segments'],
    clip: ['clip', 'clipPrompt', 'keep', 'gap', 'more'],
  };
  const ofOtherModes = Object.entries(ofMode).flatMap(([mode, names]) => (mode === settings.mode ? [] : names));
  const parts = own.filter(([name]) => !ofOtherModes.includes(name));
  return new URLSearchParams(
    parts.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
  ).toString();
}

// The settings in a fragment, or null if there are none.
export function fromFragment(fragment) {
  const settings = emptySettings();
  let known = false;
  for (const [name, value] of new URLSearchParams(fragment)) {
    if (!Object.hasOwn(settings, name)) continue;
    known = true;
    try {
      settings[name] =
        typeof settings[name] === 'string' ? value : checkedLike(settings[name], JSON.parse(value), name);
    } catch {
      throw new FieldError('form', `The link is damaged at “${name}”: get a new one.`);
    }
  }
  return known ? settings : null;
}

function checkedLike(example, value, name) {
  const checks = {
    segments: () =>
      value.length > 0 &&
      value.every(({ prompt, part }) => typeof prompt === 'string' && typeof part === 'string'),
    path: () => value.every((point) => point.length === 2 && point.every(Number.isFinite)),
    gap: () => value.length === 2 && value.every(Number.isFinite),
    clip: () => typeof value.id === 'string' && Number.isFinite(value.duration),
  };
  if (!(checks[name]?.() ?? typeof value === typeof example)) throw new TypeError(name);
  return value;
}
