// Elements without markup: whatever a person or a bot wrote goes in as text, never as HTML.

import { get } from "./state.js";

export const $ = (id) => document.getElementById(id);

/** Make an element: attributes by name, "on…" functions as listeners, children as nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Let the children of a parent be these, moving as little as possible, so that focus and selection stay. */
export function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child) && !child.classList.contains("going")) child.remove();
  let place = parent.firstElementChild;
  for (const child of wanted) {
    while (place && place.classList.contains("going")) place = place.nextElementSibling;
    if (place === child) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
  }
}

const HUES = 8;

/** Spread people and groups, whose numbers follow one another, over the colours; a bot has that of its name in every run. */
export function hue(number) {
  const name = get(`bot:${number}`)?.username;
  if (name) return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 5) % HUES;
  return (Math.abs(number) % 1000 * 3 + (number < 0 ? 6 : 0)) % HUES;
}

/** A round picture of the first letter, in one of the calm colours of the style sheet. */
export function paintAvatar(element, name, number) {
  element.textContent = [...(name || "?")][0].toUpperCase();
  element.className = `avatar hue${hue(number)}`;
  return element;
}

export const avatar = (name, number) => paintAvatar(h("span", { "aria-hidden": "true" }), name, number);

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

const nameOfDay = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dayNumber = (milliseconds) => { const date = new Date(milliseconds); return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / 86400000); };

/** A day as people call it: "Today", "Yesterday", "Tomorrow", or its date. */
export function dayInWords(seconds, now) {
  const ahead = dayNumber(seconds * 1000) - dayNumber(now * 1000);
  if (Math.abs(ahead) > 1) return day(seconds);
  const word = nameOfDay.format(ahead, "day");
  return word[0].toUpperCase() + word.slice(1);
}

export const time = (seconds) => TIME.format(seconds * 1000);
export const day = (seconds) => DAY.format(seconds * 1000);

export function ancestor(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}

/** Arrow keys, Home and End move the focus along some elements. */
export function walk(event, elements) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
  const step = steps[event.key];
  if (step === undefined || !elements.length) return null;
  event.preventDefault();
  const next = elements.indexOf(document.activeElement) + step;
  const element = elements[Math.max(0, Math.min(elements.length - 1, next))];
  element.focus();
  return element;
}
