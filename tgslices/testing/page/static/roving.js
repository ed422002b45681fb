// The conversation by keyboard: one tab stop, arrow keys from message to message and along what can be pressed in one.

import { $ } from "./dom.js";

const PRESSED = "a[href], button:not(:disabled)";
const list = () => $("messages");
const items = () => [...list().children].filter((item) => item.dataset.serial && !item.classList.contains("going"));

/** What can be pressed in a message, its menu last. */
function controlsOf(item) {
  const found = [...item.querySelectorAll(PRESSED)];
  return [...found.filter((control) => !control.classList.contains("more")), ...found.filter((control) => control.classList.contains("more"))];
}

/** Take what can be pressed in a new message out of the tab order. */
export function leaveOut(item) {
  if (item.dataset.serial) item.tabIndex = -1;
  for (const control of item.querySelectorAll(PRESSED)) control.tabIndex = -1;
  return item;
}

/** Let one message be the tab stop: the one with the focus, or else the newest. */
export function moveStop() {
  const focused = list().contains(document.activeElement) ? document.activeElement.closest("#messages > li") : null;
  const stop = focused ?? items().at(-1);
  for (const item of list().querySelectorAll(':scope > [tabindex="0"]')) if (item !== stop) item.tabIndex = -1;
  if (stop) stop.tabIndex = 0;
}

function goTo(element, event) {
  event.preventDefault();
  element.focus();
}

function along(item, step, event) {
  const all = items();
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(item) + step))];
  if (next) goTo(next, event);
}

function inside(item, step, event) {
  const controls = controlsOf(item);
  const at = controls.indexOf(document.activeElement) + step;
  if (at < 0) goTo(item, event);
  else if (at < controls.length) goTo(controls[at], event);
  else if (event.key === "ArrowDown") along(item, 1, event);
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };

function onKey(event) {
  const item = event.target.closest("#messages > li");
  if (!item || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const isOnItem = event.target === item;
  if (event.key === "Home" || event.key === "End") along(item, event.key === "Home" ? -Infinity : Infinity, event);
  else if (event.key === "Escape") goTo(isOnItem ? $("input") : item, event);
  else if (isOnItem && ["Enter", " ", "ArrowRight"].includes(event.key)) inside(item, 1, event);
  else if (isOnItem && ["ArrowUp", "ArrowDown"].includes(event.key)) along(item, STEPS[event.key], event);
  else if (!isOnItem && STEPS[event.key]) inside(item, STEPS[event.key], event);
}

export function startRoving() {
  list().addEventListener("keydown", onKey);
  list().addEventListener("focusin", moveStop);
}
