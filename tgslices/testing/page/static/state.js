// What the server told this tab, and what the tab asks of it.

const things = new Map(); // "message:p7-1:12" -> JSON, as the server names them
const listeners = [];
const AGAIN = { first: 400, most: 5000 }; // milliseconds between attempts to reach the emulator
let socket = null;
let pause = AGAIN.first;
let isFirst = true;
let word = "resting";

/** Call back with the names that have changed, whenever some have, and whether this is the first picture. */
export const onChange = (listener) => listeners.push(listener);

export const get = (name) => things.get(name);

/** Everything whose name begins so, in the order it came. */
export function all(prefix) {
  const found = [];
  for (const [name, thing] of things) if (name.startsWith(prefix)) found.push(thing);
  return found;
}

export const has = (changed, ...prefixes) => changed.some((name) => prefixes.some((prefix) => name.startsWith(prefix)));

function take(patch) {
  for (const name of patch.gone) things.delete(name);
  for (const [name, thing] of Object.entries(patch.set)) things.set(name, thing);
  const changed = [...Object.keys(patch.set), ...patch.gone];
  const first = isFirst;
  isFirst = false;
  for (const listener of listeners) listener(changed, first);
}

export function connect(onState) {
  const address = new URL("page/live", location.href);
  address.protocol = "ws:";
  address.hash = "";
  socket = new WebSocket(address);
  socket.onopen = () => {
    pause = AGAIN.first;
    isFirst = true;
    socket.send(word);
    onState(true);
  };
  let isFresh = true; // the first message of a connection is the whole picture
  socket.onmessage = (event) => {
    const patch = JSON.parse(event.data);
    if (isFresh) patch.gone = [...things.keys()].filter((name) => !(name in patch.set));
    isFresh = false;
    take(patch);
  };
  socket.onclose = () => {
    onState(false);
    setTimeout(() => connect(onState), pause);
    pause = Math.min(pause * 1.6, AGAIN.most);
  };
}

/** Tell the server whether somebody looks at the sessions. */
export function watch(isWatching) {
  word = isWatching ? "watching" : "resting";
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(word);
}

let complain = () => {};
export const onTrouble = (listener) => (complain = listener);

async function answerOf(request) {
  try {
    const response = await request;
    const answer = response.headers.get("Content-Type").includes("json") ? await response.json() : { error: await response.text() };
    if (response.ok) return answer;
    complain(answer.error || `The emulator answered ${response.status}.`);
  } catch {
    complain("The emulator cannot be reached.");
  }
  return null;
}

/** Do something; null if it could not be done, which the person is told. */
export function act(command) {
  const body = JSON.stringify(command);
  return answerOf(fetch("page/do", { method: "POST", headers: { "Content-Type": "application/json" }, body }));
}

export function upload(file, about) {
  const query = new URLSearchParams({ ...about, name: file.name });
  const headers = { "X-Page": "1", "Content-Type": file.type || "application/octet-stream" };
  return answerOf(fetch(`page/upload?${query}`, { method: "POST", headers, body: file }));
}

/** The emulator's time in seconds. */
export const now = () => Date.now() / 1000 + (get("clock:")?.ahead ?? 0);
