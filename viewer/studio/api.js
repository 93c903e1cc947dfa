// The server's routes: every error response becomes an Error with its message.
const MAX_LOST = 5; // lost connections in a row until the server counts as gone

export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new RequestError(0, 'The server does not respond. Is it still running?');
  }
  if (response.ok) return response;
  const wait = response.headers.get('Retry-After');
  const { error } = await response.json().catch(() => ({}));
  const again = wait ? ` Try again in ${wait} s.` : '';
  throw new RequestError(response.status, (error ?? `The server responded with ${response.status}.`) + again);
}

export const getJson = async (path) => (await request(path)).json();
export const getBytes = async (path) => (await request(path)).arrayBuffer();
export const getBlob = async (path) => (await request(path)).blob();

export async function postJson(path, body) {
  const headers = { 'Content-Type': 'application/json' };
  return (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).json();
}

export function postFiles(path, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return request(path, { method: 'POST', body });
}

export const cancelJob = (id) => request(`jobs/${id}`, { method: 'DELETE' });

// Follows a job to its end. Returns the finished job, or null if it was cancelled.
export function followJob(id, { onQueued = () => {}, onEstimate = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`jobs/${id}/events`);
    let lost = 0;
    const end = (settle) => (event) => {
      source.close();
      settle(JSON.parse(event.data));
    };
    source.onopen = () => {
      lost = 0;
    };
    source.addEventListener('queued', (event) => onQueued(JSON.parse(event.data)));
    source.addEventListener('estimate', (event) => onEstimate(JSON.parse(event.data)));
    source.addEventListener('done', end(resolve));
    source.addEventListener(
      'failed',
      end((job) => reject(new RequestError(422, job.error))),
    );
    source.addEventListener(
      'cancelled',
      end(() => resolve(null)),
    );
    source.onerror = () => {
      lost += 1;
      if (source.readyState !== EventSource.CLOSED && lost < MAX_LOST) return;
      source.close();
      reject(new RequestError(0, 'The connection to the server was lost. Generate again to continue.'));
    };
  });
}

// The server's id of a motion; if the server no longer keeps it, it is generated again from its recipe.
export async function keptId(info) {
  try {
    await getJson(`motions/${info.id}`);
    return info.id;
  } catch (error) {
    if (error.status !== 404 || !info.recipe) throw error;
  }
  const job = await postJson(info.recipe.path.replace(/^\//, ''), info.recipe.body);
  const done = await followJob(job.id);
  info.id = done.motions[0].id;
  return info.id;
}
