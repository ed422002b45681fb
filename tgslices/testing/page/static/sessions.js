// The session inspector: open slices, what each holds, and deletions that are pending.

import { $, arrange, dayInWords, h, time } from "./dom.js";
import { emojied } from "./emoji.js";
import { notify } from "./notices.js";
import { act, all, get, has, now, onChange } from "./state.js";

const cards = new Map();
let show = () => {};

export const labelOf = (slice) => (slice.qualifier === null ? "the unnamed session" : slice.qualifier || "“”");

/** A colour that a slice keeps: by its name, as that is what one slice differs from the next in. */
function hueOf(slice) {
  let sum = 2;
  for (const letter of slice.qualifier ?? "") sum = (sum * 31 + letter.codePointAt(0)) % 8;
  return sum;
}

/** The slices that hold any of these messages. */
export function holdersOf(place, ids) {
  const wanted = new Set(ids.filter(Boolean));
  if (!wanted.size) return [];
  return all("slice:").filter((slice) => slice.place === place && slice.entries.some((entry) => wanted.has(entry.id)))
    .map((slice) => ({ label: labelOf(slice), hue: hueOf(slice) }));
}

function messageOf(holder, entry) {
  return all(`message:${holder.place}:`).find((message) => message.id === entry.id);
}

function row(holder, entry, after) {
  const message = messageOf(holder, entry);
  const text = message ? message.preview : "not in this chat";
  return h("li", {}, h("button", { class: "held", type: "button", disabled: !message, onclick: () => show(holder, message) },
    h("span", { class: `arrow ${entry.direction}`, role: "img", "aria-label": entry.direction === "in" ? "incoming" : "outgoing" }),
    h("span", { class: "number" }, entry.id ? `#${entry.id}` : "ephemeral"), h("span", { class: "gist" }, emojied(text)), after ?? null));
}

function titleOf(slice) {
  const place = get(`place:${slice.place}`);
  const parts = [place && place.kind !== "private" ? place.title : null, slice.user_name ?? get(`person:${slice.chat}`)?.name ?? String(slice.chat),
    slice.topic ? `topic ${slice.topic}` : null, slice.connection ? "business" : null];
  return parts.filter(Boolean).join(" · ");
}

const moment = (seconds) => `${dayInWords(seconds, now()).toLowerCase()}, ${time(seconds)}`;

/** When it was opened and used, how many messages are shown, what the command calls it, and two ways to end it. */
function aboutOf(slice) {
  const said = [
    `opened ${moment(slice.opened)}`,
    slice.used - slice.opened >= 60 ? `last used ${moment(slice.used)}` : "",
    slice.due ? `ends ${moment(slice.due)}` : "",
    slice.count > slice.entries.length ? `the last ${slice.entries.length} of ${slice.count} are shown` : "",
  ].filter(Boolean).join(" · ");
  const end = async (what) => {
    const done = await act({ do: `${what} session`, session: slice.label });
    if (done) notify(done.told);
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(slice.spelled);
      notify(`Copied: ${slice.spelled}`);
    } catch { // a page of another host than this machine may not
      notify(slice.spelled);
    }
  };
  const button = (what, text) => h("button", { class: "soft", type: "button", "aria-label": `${text}: ${labelOf(slice)}`, onclick: () => end(what) }, text);
  return h("div", { class: "row ends" }, h("span", { class: "small" }, said), h("span", { class: "grow" }),
    h("button", { class: "soft", type: "button", "aria-label": `Copy key: ${labelOf(slice)}`, onclick: copy }, "Copy key"),
    slice.can_be_ended ? [button("clear", "Clear"), button("close", "Close")] : null);
}

function card(name, slice) {
  const rows = slice.entries.map((entry) => row(slice, entry));
  const face = JSON.stringify([slice, titleOf(slice), slice.entries.map((entry) => messageOf(slice, entry)?.preview)]);
  const old = cards.get(name);
  if (old?.face === face) return old.element;
  const element = h("section", { class: "card", "data-slice": labelOf(slice) },
    h("header", {}, h("span", { class: `mark hue${hueOf(slice)}` }), h("b", {}, labelOf(slice)), h("span", { class: "small" }, titleOf(slice)),
      h("span", { class: "grow" }), h("span", { class: "badge quiet" }, String(slice.count))),
    aboutOf(slice), slice.count ? h("ol", {}, rows) : h("p", { class: "small" }, "Open, and holds nothing yet."));
  if (old) old.element.replaceWith(element);
  cards.set(name, { element, face });
  return element;
}

function pendingCard(state) {
  const rows = state.pending.map((item) => row(item, item.entry, h("span", { class: "small" }, `due ${moment(item.due)}`)));
  return h("section", { class: "card pending", "data-slice": "pending" },
    h("header", {}, h("b", {}, "Pending deletions"), h("span", { class: "grow" }), h("span", { class: "badge quiet" }, String(rows.length))), h("ol", {}, rows));
}

function hint(title, text) {
  return h("div", { class: "hint" }, h("p", {}, h("b", {}, title)), h("p", {}, text));
}

function render() {
  const box = $("sessions");
  const states = all("sessions:");
  if (!states.length) {
    return box.replaceChildren(hint("No sessions are shown", "Call api.inspect(bot.sessions) where the emulator is made, and the bot's slices appear here."));
  }
  const wanted = [];
  for (const state of states) {
    if (states.length > 1) wanted.push(h("h3", {}, get(`bot:${state.bot}`)?.name ?? String(state.bot)));
    if (state.error) { wanted.push(hint("The storage cannot be read", state.error)); continue; }
    const slices = all("slice:").filter((slice) => slice.bot === state.bot);
    if (state.open > state.shown) wanted.push(h("p", { class: "small" }, `The ${state.shown} that were opened first, of ${state.open}.`));
    for (const slice of slices) wanted.push(card(JSON.stringify([slice.bot, slice.chat, slice.user, slice.topic, slice.connection, slice.qualifier]), slice));
    if (state.pending.length) wanted.push(pendingCard(state));
    if (!slices.length && !state.pending.length) wanted.push(hint("No session is open", "When the bot opens one, it appears here with every message it holds."));
  }
  arrange(box, wanted);
}

export function startSessions(onShow) {
  show = onShow;
  onChange((changed, isFirst) => { if (isFirst || has(changed, "slice:", "sessions:", "message:", "place:")) render(); });
}
