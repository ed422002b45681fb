// The topics of a forum: a bar of them above the conversation, and which one is open.

import { $, h } from "./dom.js";
import { askTopic } from "./dialogs.js";
import { get } from "./state.js";

const ALL = "all";
const chosen = new Map(); // place -> ALL, or the topic's number, null for the general one

const topicsOf = (place) => get(`place:${place}`)?.topics ?? [];

function openIn(place) {
  const found = chosen.has(place) ? chosen.get(place) : ALL;
  return found === ALL || topicsOf(place).some((topic) => topic.id === found) ? found : ALL;
}

/** The number of the topic that one writes into; null for the general one, and where there are no topics. */
export const topicNow = (place) => (openIn(place) === ALL ? null : openIn(place));

export const isShown = (place, message) => openIn(place) === ALL || (message.topic ?? null) === openIn(place);

/** The name to show with a message of a topic; nothing for the general one, or where only one topic is shown. */
export function labelOf(place, message) {
  if (!message.topic || openIn(place) !== ALL) return null;
  return topicsOf(place).find((topic) => topic.id === message.topic)?.name ?? null;
}

export function showTopics(place, person, onChoose) {
  const bar = $("topics");
  const topics = place ? topicsOf(place) : [];
  bar.hidden = !topics.length;
  const face = JSON.stringify([place, person, topics, topics.length && openIn(place)]);
  if (bar.dataset.face === face) return;
  bar.dataset.face = face;
  const hadFocus = bar.contains(document.activeElement);
  const choose = (id) => { chosen.set(place, id); onChoose(); };
  const chip = (id, name) => h("button", { class: "chip", type: "button", "aria-pressed": String(openIn(place) === id), onclick: () => choose(id) }, name);
  bar.replaceChildren(chip(ALL, "All"), ...topics.map((topic) => chip(topic.id, topic.is_closed ? `${topic.name} (closed)` : topic.name)),
    h("button", { class: "chip add", type: "button", onclick: () => askTopic(person, place, choose) }, h("span", { "aria-hidden": "true" }, "+"), " Topic"));
  if (hadFocus) bar.querySelector('[aria-pressed="true"]')?.focus();
}
