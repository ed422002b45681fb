// What a person types, presses and sends.

import { $, h, walk } from "./dom.js";
import { preview } from "./bubble.js";
import { messagesOf } from "./chats.js";
import { current } from "./conversation.js";
import { act, get, has, onChange, upload } from "./state.js";
import { topicNow } from "./topics.js";

let context = null; // { do: "reply" | "edit", message }
const drafts = new Map();
let seen = 0;

function where() {
  const here = current();
  const topic = here ? topicNow(here.place) : null;
  return here && { person: here.person, place: here.place, ...(topic === null ? {} : { topic }) };
}

function fit() {
  const input = $("input");
  input.style.height = "auto";
  if (!input.scrollHeight) return; // not in sight, so nothing can be measured: a phone shows one column at a time
  input.style.height = `${Math.min(input.scrollHeight, 160)}px`;
}

export function setContext(kind, message) {
  if (context?.do === "edit" && kind !== "edit") $("input").value = "";
  context = kind ? { do: kind, message } : null;
  $("context").hidden = !context;
  if (!context) return;
  $("context-title").textContent = kind === "edit" ? "Edit" : `Reply to ${message.name}`;
  $("context-text").textContent = preview(message);
  if (kind === "edit") $("input").value = message.text;
  fit();
  $("input").focus();
}

export async function say(text) {
  if (!current() || !text.trim()) return;
  const { do: kind, message } = context || {};
  const command = kind === "edit" ? { do: "edit", ...where(), serial: message.serial, text }
    : { do: "type", ...where(), text, ...(kind === "reply" ? { reply: message.serial } : {}) };
  setContext(null); // now and not later: the bot may be quicker with a wish for a reply than the answer to this
  if (await act(command)) return true;
  if (kind && !context) setContext(kind, message);
  return false;
}

async function submit() {
  const text = $("input").value;
  $("input").value = "";
  fit();
  suggest();
  if (text.trim() && !(await say(text))) {
    $("input").value = text;
    fit();
  }
  $("input").focus();
}

const KINDS = { image: "photo", video: "video", audio: "audio" };

async function sendFiles(files) {
  const isAlbum = files.length > 1;
  const mark = String(Date.now());
  for (const [index, file] of [...files].entries()) {
    const kind = KINDS[file.type.split("/")[0]] || "document";
    const caption = index ? "" : $("input").value;
    await upload(file, { ...where(), kind: file.type === "image/svg+xml" ? "document" : kind, caption, ...(isAlbum ? { album: mark } : {}) });
  }
  $("input").value = "";
  $("files").value = "";
  $("input").focus();
}

/** The reply keyboard that is shown now, as Telegram has it: that of the newest message with one, until it is removed. */
function keyboardNow() {
  const here = current();
  const messages = here ? messagesOf(here.place, here.person) : [];
  for (const message of messages.reverse()) {
    if (!message.keyboard) continue;
    if (message.keyboard.keyboard) return message.keyboard;
    if (message.keyboard.remove_keyboard) return null;
  }
  return null;
}

function press(button) {
  if (button.request_contact || button.request_location) {
    act({ do: "share", ...where(), kind: button.request_contact ? "contact" : "location" });
  } else {
    say(button.text ?? button);
  }
}

function showKeyboard() {
  const markup = keyboardNow();
  const face = JSON.stringify(markup);
  const box = $("keyboard");
  box.hidden = !markup;
  if (box.dataset.face === face) return;
  box.dataset.face = face;
  box.replaceChildren(...(markup?.keyboard ?? []).map((row) => h("div", { class: "keys-row" }, row.map((button) =>
    h("button", { class: "key", type: "button", onclick: () => press(button) }, button.text ?? button)))));
}

/** A bot that asks for a reply gets the reply bar, as in Telegram. */
function obeyForceReply(isFirst) {
  const here = current();
  const messages = here ? messagesOf(here.place, here.person) : [];
  const last = messages.at(-1);
  const asks = messages.filter((message) => message.serial > seen && message.keyboard?.force_reply && message.from !== here.person).at(-1);
  seen = Math.max(seen, last?.serial ?? 0);
  if (asks && !isFirst) setContext("reply", asks);
  if (context && !messages.some((message) => message.serial === context.message.serial)) setContext(null);
  const placeholder = (context?.message.keyboard ?? keyboardNow())?.input_field_placeholder;
  $("input").placeholder = placeholder || "Message";
}

function commandsHere() {
  const here = current() && get(`place:${current().place}`);
  return (here?.bots ?? []).flatMap((bot) => get(`bot:${bot}`)?.commands ?? []);
}

function suggest() {
  const text = $("input").value;
  const found = /^\/\w*$/.test(text) ? commandsHere().filter((command) => `/${command.command}`.startsWith(text)) : [];
  $("suggestions").hidden = !found.length;
  $("suggestions").replaceChildren(...found.map((command) => h("li", { role: "option", tabindex: "-1", "data-command": command.command,
    onclick: () => { $("input").value = ""; suggest(); say(`/${command.command}`); $("input").focus(); } },
    h("b", {}, `/${command.command}`), h("span", {}, command.description ?? ""))));
}

function onKey(event) {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape") {
    setContext(null);
  } else if (event.key === "ArrowUp") {
    const options = [...$("suggestions").children];
    if (options.length) { event.preventDefault(); options.at(-1).focus(); }
    else if (!$("input").value) editLast(event);
  }
}

function editLast(event) {
  const here = current();
  const own = messagesOf(here.place, here.person).filter((message) => message.from === here.person && message.kind === "text").at(-1);
  if (own) { event.preventDefault(); setContext("edit", own); }
}

/** Another chat is open: its own draft, no reply, no edit. */
export function switchDraft(from, to) {
  if (from) drafts.set(from, context?.do === "edit" ? "" : $("input").value);
  context = null;
  setContext(null);
  $("input").value = drafts.get(to) ?? "";
  seen = Infinity;
  showKeyboard();
  obeyForceReply(true);
  seen = messagesOf(current()?.place, current()?.person).at(-1)?.serial ?? 0;
  suggest();
  fit();
}

export function startComposer() {
  $("form").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  $("input").addEventListener("keydown", onKey);
  $("input").addEventListener("input", () => { fit(); suggest(); });
  $("suggestions").addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.target.click();
    else if (event.key === "Escape") $("input").focus();
    else walk(event, [...$("suggestions").children]);
  });
  $("context-close").addEventListener("click", () => { setContext(null); $("input").focus(); });
  $("files").addEventListener("change", () => sendFiles($("files").files));
  $("conversation").addEventListener("dragover", (event) => event.preventDefault());
  $("conversation").addEventListener("drop", (event) => {
    event.preventDefault();
    if (current() && event.dataTransfer.files.length) sendFiles(event.dataTransfer.files);
  });
  onChange((changed, isFirst) => {
    if (!has(changed, "message:", "bot:")) return;
    showKeyboard();
    obeyForceReply(isFirst);
  });
}
