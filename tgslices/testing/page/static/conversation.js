// The conversation in the middle, and messages that come, change and go.

import { $, arrange, day, dayInWords, h, paintAvatar } from "./dom.js";
import { bubble, draftBubble } from "./bubble.js";
import { faceOf, messagesOf, newest, titleOf, viewOf } from "./chats.js";
import { leaveOut, moveStop, startRoving } from "./roving.js";
import { all, get, has, now, onChange } from "./state.js";
import { holdersOf } from "./sessions.js";
import { isShown, labelOf, showTopics } from "./topics.js";

const RUN = 300; // seconds within which messages of one sender belong together
const NEAR = 120; // pixels from the end within which new messages are followed
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let person = null;
let place = null;
let does = {};
const blocks = new Map(); // the first serial, or the album -> { element, face }
const days = new Map();

export const current = () => (person && place ? { person, place } : null);

function grouped(messages) {
  const found = [];
  for (const message of messages) {
    const last = found.at(-1);
    if (message.album && last && last[0].album === message.album) last.push(message);
    else found.push([message]);
  }
  return found;
}

/** The taps of the person on these messages that the bot has not answered. */
function waitingTaps(messages) {
  const serials = new Set(messages.map((message) => message.serial));
  return all("tap:").filter((tap) => !tap.is_answered && tap.person === person && serials.has(tap.serial));
}

const ANSWERED_WITHIN = 3000; // milliseconds; a bot that takes longer has probably forgotten to answer
const firstSeen = new Map(); // tap -> when this tab heard of it
let overdue = null;

/** What is written on the buttons whose taps the bot has left unanswered for long. */
function unanswered(message, taps) {
  const late = taps.filter((tap) => {
    if (!firstSeen.has(tap.id)) firstSeen.set(tap.id, Date.now());
    const left = firstSeen.get(tap.id) + ANSWERED_WITHIN - Date.now();
    if (left > 0) { clearTimeout(overdue); overdue = setTimeout(() => render(false), left + 20); }
    return left <= 0;
  });
  const captions = late.map((tap) => message.buttons?.flat().find((button) => button.callback_data === tap.data)?.text ?? tap.data);
  return [...new Set(captions)];
}

/** What went wrong in the bot's handlers with these messages. */
function reportsOf(messages) {
  const serials = new Set(messages.map((message) => message.serial));
  return all("report:").filter((report) => report.place === place && serials.has(report.serial)).slice(-1);
}

function around(messages, before, here) {
  const first = messages[0];
  const previous = before && before.at(-1);
  const joins = Boolean(previous && !previous.service && !first.service && previous.from === first.from
    && first.date - previous.date < RUN && day(first.date) === day(previous.date) && previous.topic === first.topic);
  const taps = waitingTaps(messages);
  const isGroup = here.kind !== "private" && here.kind !== "business";
  return {
    me: person, joins, topic: joins ? null : labelOf(place, person, first), hasFaces: isGroup && first.sender !== person && !first.service,
    isNamed: isGroup && first.sender !== person && !joins, waiting: new Set(taps.map((tap) => tap.data)), unanswered: unanswered(first, taps), reports: reportsOf(messages),
    holders: holdersOf(place, messages.map((message) => message.id)),
  };
}

function separator(seconds) {
  const date = day(seconds);
  if (!days.has(date)) days.set(date, h("li", { class: "day" }, h("span", {})));
  const words = days.get(date).firstChild;
  const name = dayInWords(seconds, now());
  if (words.textContent !== name) words.textContent = name;
  return days.get(date);
}

/** A message that was deleted dissolves and leaves its place; at once for those who do not like motion. */
function dissolve(element) {
  if (element.classList.contains("going")) return;
  if (calm.matches || document.hidden || !element.isConnected) return void element.remove();
  element.classList.add("going");
  element.setAttribute("aria-hidden", "true");
  element.inert = true;
  const from = { height: `${element.offsetHeight}px`, opacity: 1, transform: "none", filter: "none" };
  const faded = { ...from, opacity: 0, transform: "scale(.94)", filter: "blur(5px)", offset: 0.6 };
  const animation = element.animate([from, faded, { ...faded, height: "0px", marginTop: "0px", offset: 1 }], { duration: 420, easing: "ease-in-out" });
  animation.onfinish = animation.oncancel = () => element.remove();
}

function keepFocus(list, action) {
  const active = document.activeElement;
  const block = active instanceof Element && list.contains(active) ? active.closest("li") : null;
  const key = active?.dataset?.key;
  const serial = block?.dataset.serial;
  action();
  if (!block || list.contains(document.activeElement) && !document.activeElement.closest(".going")) return;
  const again = list.querySelector(`li[data-serial="${serial}"]:not(.going)`);
  const target = active === block ? again : again?.querySelector(key ? `[data-key="${key}"]` : ".key, .more") || again?.querySelector(".key") || again;
  (target || $("input")).focus({ preventScroll: true });
}

function render(isFresh) {
  const list = $("messages");
  const here = place && get(`place:${place}`);
  const messages = here ? messagesOf(place, person).filter((message) => isShown(place, person, message)) : [];
  const wanted = [];
  const left = new Set(blocks.keys());
  let before = null;
  keepFocus(list, () => {
    for (const group of grouped(messages)) {
      const key = group[0].album ? `album:${group[0].album}` : String(group[0].serial);
      const surroundings = around(group, before, here);
      const face = JSON.stringify([group, surroundings, [...surroundings.waiting]]);
      let block = blocks.get(key);
      if (!block || block.face !== face) {
        const isNew = !block && !isFresh;
        const element = leaveOut(bubble(group, surroundings, does));
        if (isNew) element.classList.add("coming");
        if (block) block.element.replaceWith(element);
        block = { element, face };
        blocks.set(key, block);
      }
      left.delete(key);
      if (!before || day(before.at(-1).date) !== day(group[0].date)) wanted.push(separator(group[0].date));
      wanted.push(block.element);
      before = group;
    }
    for (const key of left) {
      if (isFresh) blocks.get(key).element.remove();
      else dissolve(blocks.get(key).element);
      blocks.delete(key);
    }
    arrange(list, [...wanted, ...draftsNow()]);
  });
  moveStop();
  showTopics(place, person, () => { render(true); $("input").focus(); });
  showEmpty(here, messages);
  showPinned(messages);
  if (isFresh || isFollowing || messages.at(-1)?.sender === person && messages.at(-1).serial > lastSerial) toEnd();
  lastSerial = newest(messages);
}

const drafts = new Map(); // serial -> { element, face }
let draftEnds = null;

/** What the bot is just writing; it goes by itself when its time is over. */
function draftsNow() {
  const found = all(`draft:${place}:`).filter((draft) => draft.expires > now());
  clearTimeout(draftEnds);
  if (found.length) draftEnds = setTimeout(() => render(false), (Math.min(...found.map((draft) => draft.expires)) - now()) * 1000 + 50);
  return found.map((draft) => {
    const face = JSON.stringify(draft);
    if (drafts.get(draft.serial)?.face !== face) drafts.set(draft.serial, { element: leaveOut(draftBubble(draft, does)), face });
    return drafts.get(draft.serial).element;
  });
}

let lastSerial = 0;
let isFollowing = true; // whether the newest message is in sight, and stays so

function toEnd() {
  isFollowing = true;
  requestAnimationFrame(() => $("scroller").scrollTo({ top: $("scroller").scrollHeight }));
}

function follow() {
  const scroller = $("scroller");
  scroller.addEventListener("scroll", () => { isFollowing = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR; });
  const observer = new ResizeObserver(() => { if (isFollowing) toEnd(); }); // a keyboard came, a picture was loaded
  observer.observe(scroller);
  observer.observe($("messages"));
}

function showEmpty(here, messages) {
  const box = $("empty");
  box.hidden = $("messages").childElementCount > 0;
  if (box.hidden) return box.replaceChildren();
  const face = here ? `${place} ${person}` : `none ${all("person:").length}`;
  if (box.dataset.face === face && box.childElementCount) return;
  box.dataset.face = face;
  if (!here) {
    const text = all("person:").length ? "Choose a chat at the left." : "Add a person at the left, and write to the bot as them.";
    box.replaceChildren(h("p", {}, h("b", {}, "No chat is open")), h("p", {}, text));
  } else if (here.kind === "private") {
    box.replaceChildren(h("p", {}, h("b", {}, "Nothing was said yet")), h("p", {}, "Press Start, or write something."),
      h("button", { class: "strong", id: "start", type: "button", onclick: () => does.command("/start") }, "Start"));
  } else {
    const readers = { channel: "every subscriber sees", direct: "who runs the channel sees", business: "both of you see" }[here.kind] ?? "everybody in here sees";
    const hint = viewOf(place, person).unwritable ? "What is written here, you will see." : `Whatever you write, ${readers}.`;
    box.replaceChildren(h("p", {}, h("b", {}, "Nothing was said yet")), h("p", {}, hint));
  }
}

function showPinned(messages) {
  const serial = place && viewOf(place, person).pinned;
  const pinned = messages.find((message) => message.serial === serial);
  $("pinned").hidden = !pinned;
  if (pinned) {
    $("pinned").replaceChildren(h("b", {}, "Pinned"), h("span", {}, pinned.preview));
    $("pinned").onclick = () => jump(pinned.serial);
  }
}

/** Show a message and let it glow for a moment. */
export function jump(serial) {
  const found = [...blocks.values()].find(({ element }) => element.dataset.serial === String(serial));
  if (!found) return;
  found.element.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  found.element.classList.remove("glow");
  requestAnimationFrame(() => found.element.classList.add("glow"));
}

function showHead() {
  const here = place && get(`place:${place}`);
  const who = person && get(`person:${person}`);
  $("composer").hidden = !here;
  $("chat-avatar").hidden = !here;
  $("members").hidden = !here || ["private", "business", "direct"].includes(here.kind);
  $("chat-title").textContent = here ? titleOf(here, person) : "No chat is open";
  if (!here) return void ($("chat-subtitle").textContent = "");
  paintAvatar($("chat-avatar"), titleOf(here, person), faceOf(here, person));
  const names = [...here.people, ...here.bots].filter((id) => id !== person).map((id) => (get(`person:${id}`) || get(`bot:${id}`))?.name).filter(Boolean);
  const others = names.join(", ") || "nobody else";
  const company = { private: "", business: ` · business chat with ${others}`, direct: " · direct messages to the channel" }[here.kind] ?? ` · with ${others}`;
  $("chat-subtitle").textContent = `You are ${who.name}${company}`;
}

export function open(newPerson, newPlace) {
  for (const block of blocks.values()) block.element.remove();
  blocks.clear();
  $("messages").replaceChildren();
  [person, place] = [newPerson, newPlace];
  showHead();
  render(true);
}

/** A right click opens the menu of a message, unless it is on a link, or on a text that was chosen to be copied. */
function openMenuOf(event) {
  const more = event.target.closest("li")?.querySelector(".more");
  if (!more || event.target.closest("a") || String(getSelection())) return;
  event.preventDefault();
  more.click();
}

export function startConversation(what) {
  does = { ...what, jump };
  follow();
  startRoving();
  $("messages").addEventListener("contextmenu", openMenuOf);
  onChange((changed, isFirst) => {
    if (has(changed, "place:", "person:", "bot:")) showHead();
    if (isFirst || has(changed, `message:${place}:`, `view:${person}/${place}`, `draft:${place}:`, "tap:", "report:", "slice:", "person:", "place:")) render(isFirst);
  });
}
