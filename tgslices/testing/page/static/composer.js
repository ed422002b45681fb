// What a person types, presses and sends.

import { startAttaching } from "./attach.js";
import { $, h, walk } from "./dom.js";
import { messagesOf, newest, viewOf } from "./chats.js";
import { current } from "./conversation.js";
import { emojied } from "./emoji.js";
import { act, has, onChange } from "./state.js";
import { topicNow } from "./topics.js";

let context = null; // { do: "reply" | "edit", message }
const drafts = new Map();
let seen = 0;

function where() {
  const here = current();
  const topic = here ? topicNow(here.place, here.person) : null;
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
  $("context-text").textContent = message.preview;
  if (kind === "edit") $("input").value = message.text;
  fit();
  $("input").focus();
}

export async function say(text, more = {}) {
  if (!current() || !text.trim()) return;
  const { do: kind, message } = context || {};
  const command = kind === "edit" ? { do: "edit", ...where(), serial: message.serial, text }
    : { do: "type", ...where(), text, ...more, ...(kind === "reply" ? { reply: message.serial } : {}) };
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

const viewNow = () => (current() ? viewOf(current().place, current().person) : null);

function press(key) {
  if (key.shares) act({ do: "share", ...where(), kind: key.shares, key: key.text });
  else say(key.text, { is_key: true });
}

function showKeyboard() {
  const keyboard = viewNow()?.keyboard;
  const face = JSON.stringify(keyboard ?? null);
  const box = $("keyboard");
  box.hidden = !keyboard;
  if (box.dataset.face === face) return;
  box.dataset.face = face;
  box.replaceChildren(...(keyboard?.rows ?? []).map((row) => h("div", { class: "keys-row" }, row.map((key) =>
    h("button", { class: "key", type: "button", onclick: () => press(key) }, emojied(key.text))))));
}

/** A bot that asks for a reply gets the reply bar, as in Telegram. */
function obeyForceReply(isFirst) {
  const here = current();
  const messages = here ? messagesOf(here.place, here.person) : [];
  const view = viewNow();
  const asks = view?.asked && view.asked.serial > seen && messages.find((message) => message.serial === view.asked.serial);
  seen = Math.max(seen, newest(messages));
  if (asks && !isFirst) setContext("reply", asks);
  if (context && !messages.some((message) => message.serial === context.message.serial)) setContext(null);
  const isAnswering = context && context.message.serial === view?.asked?.serial;
  $("input").placeholder = (isAnswering ? view.asked : view?.keyboard)?.placeholder || "Message";
}

/** Who may not write reads why, in the place of the message field. */
function showWhetherWritable() {
  const reason = viewNow()?.unwritable ?? "";
  $("unwritable").textContent = reason;
  $("unwritable").hidden = !reason;
  $("form").hidden = Boolean(reason);
}

function suggest() {
  const text = $("input").value;
  const found = /^\/\w*$/.test(text) ? (viewNow()?.commands ?? []).filter((command) => `/${command.command}`.startsWith(text)) : [];
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
  const own = messagesOf(here.place, here.person).filter((message) => message.sender === here.person && message.kind === "text").at(-1);
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
  showWhetherWritable();
  obeyForceReply(true);
  seen = current() ? newest(messagesOf(current().place, current().person)) : 0;
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
  startAttaching(where);
  onChange((changed, isFirst) => {
    if (!has(changed, "message:", "view:")) return;
    showKeyboard();
    showWhetherWritable();
    obeyForceReply(isFirst);
  });
}
