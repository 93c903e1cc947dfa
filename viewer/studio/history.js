// Results kept in this browser: settings, the server's descriptions of the motions, and their bodies as GLB.
import { $, el } from './dom.js';

const MOST = 40; // results; older ones are deleted

function request(action) {
  return new Promise((resolve, reject) => {
    action.onsuccess = () => resolve(action.result);
    action.onerror = () => reject(action.error);
  });
}

function open() {
  const opening = indexedDB.open('ram-studio', 1);
  opening.onupgradeneeded = () =>
    opening.result.createObjectStore('results', { keyPath: 'key', autoIncrement: true });
  return request(opening);
}

async function store(mode, act) {
  const database = await open();
  try {
    return await act(database.transaction('results', mode).objectStore('results'));
  } finally {
    database.close();
  }
}

export class History {
  // restore(entry) puts a result back on the stage.
  constructor(restore) {
    this.restore = restore;
    this.channel = new BroadcastChannel('ram-studio');
    this.channel.onmessage = () => this.show();
    $('history-open').onclick = () => $('history').showModal();
    $('history-clear').onclick = () => this.change((results) => request(results.clear()));
    this.show();
  }

  // entry: {settings, motions: [MotionInfo], bodies: [ArrayBuffer], title, when}
  async add(entry) {
    await this.change(async (results) => {
      await request(results.add(entry));
      const keys = await request(results.getAllKeys());
      for (const key of keys.slice(0, -MOST)) results.delete(key);
    });
  }

  async change(act) {
    try {
      await store('readwrite', act);
    } catch (error) {
      $('history').querySelector('.hint').textContent =
        `This browser cannot store a history here (${error.message}).`;
    }
    this.channel.postMessage('changed');
    await this.show();
  }

  async show() {
    const entries = await store('readonly', (results) => request(results.getAll())).catch(() => []);
    $('history-count').textContent = entries.length || '';
    $('history-clear').hidden = !entries.length;
    $('entries').replaceChildren(...entries.reverse().map((entry) => this.line(entry)));
    if (!entries.length)
      $('entries').append(
        el('li', { className: 'hint', textContent: 'Nothing yet: your results will be listed here.' }),
      );
  }

  line(entry) {
    const { title, when, motions } = entry;
    const [{ duration, settings }] = motions;
    const several = motions.length > 1 ? ` · ${motions.length} candidates` : '';
    return el(
      'li',
      {},
      el(
        'button',
        {
          type: 'button',
          className: 'entry',
          onclick: () => {
            $('history').close();
            this.restore(entry);
          },
        },
        el('strong', { textContent: title }),
        el('span', {
          textContent: `${duration.toFixed(1)} s · seed ${settings.seed}${several} · ${new Date(when).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}`,
        }),
      ),
      el('button', {
        type: 'button',
        className: 'icon plain',
        textContent: '×',
        'aria-label': `Delete ${title}`,
        onclick: () => this.change((results) => request(results.delete(entry.key))),
      }),
    );
  }
}
