// The topics of a forum: a bar of them above the conversation, and which one is open.

import { $, h } from "./dom.js";
import { askTopic } from "./dialogs.js";
import { viewOf } from "./chats.js";
import { get } from "./state.js";

const ALL = "all";
const chosen = new Map(); // place -> ALL, or the topic's number, null for the general one

const topicsOf = (place, person) => viewOf(place, person).topics ?? [];

function openIn(place, person) {
  const found = chosen.has(place) ? chosen.get(place) : ALL;
  return found === ALL || topicsOf(place, person).some((topic) => topic.id === found) ? found : ALL;
}

/** The number of the topic that one writes into; null for the general one, and where there are no topics. */
export const topicNow = (place, person) => (openIn(place, person) === ALL ? null : openIn(place, person));

export const isShown = (place, person, message) => openIn(place, person) === ALL || (message.topic ?? null) === openIn(place, person);

/** The name to show with a message of a topic; nothing for the general one, or where only one topic is shown. */
export function labelOf(place, person, message) {
  if (!message.topic || openIn(place, person) !== ALL) return null;
  return topicsOf(place, person).find((topic) => topic.id === message.topic)?.name ?? null;
}

export function showTopics(place, person, onChoose) {
  const bar = $("topics");
  const topics = place ? topicsOf(place, person) : [];
  bar.hidden = !topics.length;
  const face = JSON.stringify([place, person, topics, topics.length && openIn(place, person)]);
  if (bar.dataset.face === face) return;
  bar.dataset.face = face;
  const hadFocus = bar.contains(document.activeElement);
  const choose = (id) => { chosen.set(place, id); onChoose(); };
  const chip = (id, name) => h("button", { class: "chip", type: "button", "aria-pressed": String(openIn(place, person) === id), onclick: () => choose(id) }, name);
  bar.replaceChildren(chip(ALL, "All"), ...topics.map((topic) => chip(topic.id, topic.is_closed ? `${topic.name} (closed)` : topic.name)),
    get(`place:${place}`)?.kind === "direct" ? "" : h("button", { class: "chip add", type: "button", "aria-label": "Add a topic", onclick: () => askTopic(person, place, choose) }, h("span", { "aria-hidden": "true" }, "+"), " Topic"));
  if (hadFocus) bar.querySelector('[aria-pressed="true"]')?.focus();
}
