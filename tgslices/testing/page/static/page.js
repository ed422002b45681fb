// The page as a whole: which chat is open, which column is shown, and what a click does.

import { $, walk } from "./dom.js";
import { entryOf, placesOf, select, startChats } from "./chats.js";
import { say, startComposer, switchDraft } from "./composer.js";
import { current, jump, open, startConversation } from "./conversation.js";
import { askBot, askChat, askMembers, askPerson, startDialogs } from "./dialogs.js";
import { startCalls } from "./calls.js";
import { startLooks } from "./looks.js";
import { openMenu, startMenu } from "./menu.js";
import { copy, hush, startNotices } from "./notices.js";
import { startSessions } from "./sessions.js";
import { startSwitches } from "./switches.js";
import { act, all, connect, get, has, onChange, watch } from "./state.js";

function show(view) {
  document.body.dataset.view = view;
  nameMain();
}

/** Where the conversation is out of sight, as on a phone, the column that is shown is the main part of the page. */
function nameMain() {
  const isSeen = getComputedStyle($("conversation")).display !== "none";
  for (const [name, role] of [["chats", "navigation"], ["tools", "complementary"]]) {
    $(name).setAttribute("role", !isSeen && document.body.dataset.view === name ? "main" : role);
  }
}

const where = () => ({ person: current().person, place: current().place });

function choose(person, place, isByHand) {
  const before = current() && entryOf(current().person, current().place);
  const entry = entryOf(person, place);
  if (before === entry) return void (isByHand && show("chat"));
  history.replaceState(null, "", `#${entry}`);
  hush();
  open(person, place);
  select(person, place);
  switchDraft(before, entry);
  if (isByHand) {
    show("chat");
    $("input").focus();
  }
}

let wanted = null;
/** Open a chat that was just made, as soon as the server has told of it; without a name, the person's first one. */
function chooseSoon(person, place) {
  wanted = [person, place];
  chooseWanted();
}

function chooseWanted() {
  if (!wanted) return;
  const [person, name] = wanted;
  const found = placesOf(person).find((place) => !name || place.name === name);
  if (!found) return;
  wanted = null;
  choose(person, found.name, true);
}

/** The chat that the address names, or the first one. */
function chooseAtStart() {
  const [person, place] = location.hash.slice(1).split("/");
  if (get(`person:${person}`) && placesOf(Number(person)).some((found) => found.name === place)) return choose(Number(person), place, true);
  for (const someone of all("person:")) {
    const [first] = placesOf(someone.id);
    if (first) return choose(someone.id, first.name, false);
  }
  if (!current()) open(null, null);
}

/** A group that has become a supergroup, or that one has left, is not open any more. */
function checkOpen() {
  const here = current();
  if (here && placesOf(here.person).some((place) => place.name === here.place)) return;
  const moved = here && get(`place:${here.place}`)?.moved_to;
  if (moved && get(`place:${moved}`)) choose(here.person, moved, false);
  else chooseAtStart();
}

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
function openTab(tab) {
  for (const other of tabs()) {
    const isOpen = other === tab;
    other.setAttribute("aria-selected", String(isOpen));
    other.tabIndex = isOpen ? 0 : -1;
    $(other.getAttribute("aria-controls")).hidden = !isOpen;
  }
  tellWatching();
}
const tellWatching = () => watch(!document.hidden && !$("panel-sessions").hidden);

function showHeld(holder, message) {
  const person = get(`person:${holder.user}`) ? holder.user : get(`place:${holder.place}`)?.people[0];
  if (current()?.place !== holder.place) choose(person, holder.place, false);
  show("chat");
  jump(message.serial);
}

const SKIPS = {
  field: ["chat", "#input"],
  chats: ["chats", '#chat-list .entry[tabindex="0"]'],
  tools: ["tools", '[role="tab"][aria-selected="true"]'],
};
/** Bring the focus to a column, which a phone has to be shown first. */
function skipTo(name) {
  const [view, target] = SKIPS[name];
  show(view);
  (document.querySelector(target) ?? $("add-person")).focus();
}

startLooks();
startDialogs();
startChats(choose);
startConversation({
  tap: (message, row, column) => act({ do: "tap", ...where(), serial: message.serial, row, column }),
  pay: (message) => act({ do: "pay", ...where(), serial: message.serial }),
  vote: (message, options) => act({ do: "vote", ...where(), serial: message.serial, options }),
  react: (message, emoji) => act({ do: "react", ...where(), serial: message.serial, emoji }),
  command: (text) => say(text),
  menu: openMenu,
  copy,
});
startComposer();
startCalls();
startSessions(showHeld);
startSwitches();
startMenu();
startNotices();
onChange((changed, isFirst) => {
  if (isFirst || has(changed, "place:", "person:", "view:")) {
    checkOpen();
    chooseWanted();
  }
});

$("add-person").addEventListener("click", () => askPerson(chooseSoon));
$("add-chat").addEventListener("click", () => askChat(current()?.person, chooseSoon));
$("add-bot").addEventListener("click", askBot);
$("members").addEventListener("click", () => askMembers(current().person, current().place));
for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => show(button.dataset.show));
for (const link of document.querySelectorAll("[data-skip]")) link.addEventListener("click", (event) => { event.preventDefault(); skipTo(link.dataset.skip); });
for (const tab of tabs()) tab.addEventListener("click", () => openTab(tab));
document.querySelector('[role="tablist"]').addEventListener("keydown", (event) => { const tab = walk(event, tabs()); if (tab) openTab(tab); });
document.addEventListener("visibilitychange", tellWatching);
for (const width of [720, 1120]) matchMedia(`(max-width: ${width}px)`).addEventListener("change", nameMain);
nameMain();
connect((isThere) => { $("offline").hidden = isThere; });
