// What people think of a message: votes in polls, and reactions.

import { h } from "./dom.js";
import { emojied, pictured } from "./emoji.js";

/** The options of a poll as buttons; one's own choice is marked, and the bars show the shares. */
export function pollOf(message, me, does) {
  const { options, is_closed: isClosed, is_multiple: isMultiple } = message.poll;
  const voters = new Set(options.flatMap((option) => option.by)).size;
  const mine = options.flatMap((option, index) => (option.by.includes(me) ? [index] : []));
  const next = (index) => {
    if (mine.includes(index)) return mine.filter((other) => other !== index);
    return isMultiple ? [...mine, index] : [index];
  };
  const rows = options.map((option, index) => {
    const row = h("button", { class: "option", type: "button", disabled: isClosed, "aria-pressed": String(mine.includes(index)),
      "data-key": `vote${index}`, onclick: () => does.vote(message, next(index)) },
    h("span", {}, emojied(option.text)), h("span", { class: "number" }, String(option.by.length)));
    row.style.setProperty("--share", `${voters ? Math.round(100 * option.by.length / voters) : 0}%`);
    return row;
  });
  return h("div", { class: "poll", role: "group", "aria-label": "Options" }, rows, isClosed ? h("div", { class: "small" }, "This poll is closed.") : null);
}

export function reactionsOf(message, me, does) {
  return h("div", { class: "reactions" }, Object.entries(message.reactions).map(([emoji, by]) =>
    h("button", { class: "reaction", type: "button", "aria-pressed": String(by.includes(me)), "aria-label": `${emoji} ${by.length}`,
      "data-key": `react${emoji}`, onclick: () => does.react(message, by.includes(me) ? "" : emoji) }, emoji, by.length > 1 ? ` ${by.length}` : "")));
}
