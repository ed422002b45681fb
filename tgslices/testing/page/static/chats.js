// The list at the left: one entry for every person and chat, under the person who is played.

import { $, arrange, avatar, day, h, paintAvatar, time, walk } from "./dom.js";
import { emojied } from "./emoji.js";
import { all, get, has, now, onChange } from "./state.js";

const buttons = new Map(); // "1001/p7-1001" -> element
const headings = new Map();
const read = new Map(); // entry -> the last serial that was seen
let choose = () => {};
let selected = null;

export const entryOf = (person, place) => `${person}/${place}`;

const TAGS = { business: "business", direct: "direct" };
const NOTHING = { serials: [] };

/** A chat as the server says that a person sees it. */
export const viewOf = (place, person) => get(`view:${person}/${place}`) ?? NOTHING;

/** The chats of a person. */
export function placesOf(person) {
  return all(`view:${person}/`).map((view) => get(`place:${view.place}`)).filter((place) => place && !place.moved_to);
}

/** The messages that a person sees in a chat, in their order on the screen. */
export function messagesOf(place, person) {
  return viewOf(place, person).serials.map((serial) => get(`message:${place}:${serial}`)).filter(Boolean);
}

/** The number of the newest message of some. */
export const newest = (messages) => messages.reduce((most, message) => Math.max(most, message.serial), 0);

export const titleOf = (place, person) =>
  place.kind === "business" ? (get(`person:${place.customer === person ? place.owner : place.customer}`)?.name ?? place.title) : place.title;

/** Whose colour a place has: the other side's in a chat of two. */
export const faceOf = (place, person) =>
  place.kind === "private" ? place.bots[0] : place.kind === "business" ? (place.customer === person ? place.owner : place.customer) : place.id;

function stamp(seconds) {
  return now() - seconds < 20 * 3600 ? time(seconds) : day(seconds).split(/[ ,]/)[0].slice(0, 3);
}

function draw(person, place) {
  const entry = entryOf(person.id, place.name);
  const messages = messagesOf(place.name, person.id);
  const last = messages.at(-1);
  if (entry === selected || !read.has(entry)) read.set(entry, newest(messages));
  const unread = messages.filter((m) => m.serial > read.get(entry) && m.sender !== person.id).length;
  const title = titleOf(place, person.id);
  const text = last ? last.preview : "Nothing was said yet";
  const signed = last && place.kind !== "private" && !last.service ? `${last.sender === person.id ? "You" : last.name}: ${text}` : text;
  let button = buttons.get(entry);
  if (!button) {
    button = h("button", { class: "entry", type: "button", "data-entry": entry, onclick: () => choose(person.id, place.name, true) });
    buttons.set(entry, button);
  }
  const label = `${title}${TAGS[place.kind] ? ` (${TAGS[place.kind]})` : ""}, as ${person.name}${unread ? `, ${unread} unread` : ""}`;
  const face = JSON.stringify([label, signed, last && stamp(last.date), unread]);
  if (button.dataset.face !== face) {
    button.dataset.face = face;
    button.setAttribute("aria-label", label);
    button.replaceChildren(
      avatar(title, faceOf(place, person.id)),
      h("span", { class: "line" }, h("b", {}, title), TAGS[place.kind] ? h("span", { class: "tag" }, TAGS[place.kind]) : null,
        h("time", {}, last ? stamp(last.date) : "")),
      h("span", { class: "line" }, h("span", { class: "preview" }, emojied(signed)), unread ? h("span", { class: "badge" }, String(unread)) : null),
    );
  }
  button.toggleAttribute("aria-current", entry === selected);
  if (entry === selected) button.setAttribute("aria-current", "true");
  return button;
}

/** Whether what is searched for is in the name of a chat or of who is played, or in a message that they see. */
function isFound(person, place) {
  const wanted = $("chat-filter").value.trim().toLowerCase();
  if (!wanted) return true;
  const texts = [titleOf(place, person.id), person.name, ...messagesOf(place.name, person.id).map((message) => message.text ?? message.preview)];
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}

/** The chats of a person by their last word; those without any keep their order at the end. */
function sorted(person) {
  const last = new Map(placesOf(person.id).map((place) => [place, newest(messagesOf(place.name, person.id))]));
  return [...last.keys()].sort((a, b) => last.get(b) - last.get(a));
}

function showMe() {
  const me = selected && get(`person:${selected.split("/")[0]}`);
  $("me").textContent = me ? `You are ${me.name}` : "Chats";
  $("me-avatar").hidden = !me;
  if (me) paintAvatar($("me-avatar"), me.name, me.id);
}

function heading(person) {
  let element = headings.get(person.id);
  if (!element) {
    element = h("h3", { class: "who" }, avatar(person.name, person.id), h("span", {}, person.name));
    headings.set(person.id, element);
  }
  return element;
}

function render() {
  const people = all("person:");
  const list = $("chat-list");
  const wanted = [];
  for (const person of people) {
    const places = sorted(person).filter((place) => isFound(person, place));
    if (places.length || !$("chat-filter").value.trim()) wanted.push(heading(person));
    for (const place of places) wanted.push(draw(person, place));
  }
  if (!people.length) {
    wanted.push(h("div", { class: "hint" }, h("p", {}, h("b", {}, "Nobody is here yet")), h("p", {}, "Add a person, and play them in a chat with the bot.")));
  } else if (!all("bot:").length) {
    wanted.push(h("div", { class: "hint" }, h("p", {}, h("b", {}, "There is no bot yet")), h("p", {}, "Add one above, and start your bot with its token.")));
  }
  if (people.length && !wanted.length) wanted.push(h("p", { class: "hint" }, "No chat has this in it."));
  arrange(list, wanted);
  showMe();
  const entries = [...list.querySelectorAll(".entry")];
  const tabbable = entries.find((entry) => entry.dataset.entry === selected) || entries[0];
  for (const entry of entries) entry.tabIndex = entry === tabbable ? 0 : -1;
}

export function select(person, place) {
  selected = person && place ? entryOf(person, place) : null;
  render();
}

export function startChats(onChoose) {
  choose = onChoose;
  $("chat-filter").addEventListener("input", render);
  $("chat-list").addEventListener("keydown", (event) => walk(event, [...$("chat-list").querySelectorAll(".entry")]));
  onChange((changed) => { if (has(changed, "bot:", "person:", "place:", "view:", "message:", "clock:")) render(); });
}
