// Notices: what is said in passing, and what bots answer to taps.

import { $, h } from "./dom.js";
import { alertWith } from "./dialogs.js";
import { current } from "./conversation.js";
import { all, has, onChange, onTrouble } from "./state.js";

const SHOWN_FOR = 4500; // milliseconds

let ends = null;
export function notify(text, tone = "") {
  $("notice").replaceChildren(h("div", { class: `toast ${tone}` }, text));
  clearTimeout(ends);
  ends = setTimeout(hush, SHOWN_FOR);
}

/** Take back what is said, as it is about a chat that is not open any more. */
export function hush() {
  clearTimeout(ends);
  $("notice").replaceChildren();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    notify("Copied");
  } catch {
    notify("The browser does not let the page copy.", "bad");
  }
}

const answered = new Set();
function showAnswers(isFirst) {
  for (const tap of all("tap:")) {
    if (!tap.is_answered || answered.has(tap.id)) continue;
    answered.add(tap.id);
    if (isFirst || !tap.answer || tap.person !== current()?.person) continue;
    if (tap.is_alert) alertWith(tap.answer);
    else notify(tap.answer);
  }
}

const told = new Set();
/** A handler that failed is told at once to whom it concerns. */
function showFailures(isFirst) {
  for (const report of all("report:")) {
    if (told.has(report.number)) continue;
    told.add(report.number);
    if (!isFirst && report.error && report.place === current()?.place) notify(`A handler of the bot failed: ${report.error}`, "bad");
  }
}

export function startNotices() {
  onTrouble((text) => notify(text, "bad"));
  onChange((changed, isFirst) => {
    if (has(changed, "tap:")) showAnswers(isFirst);
    if (has(changed, "report:")) showFailures(isFirst);
  });
}
