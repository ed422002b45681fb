// One message, or one album, as an element.

import { $, avatar, day, h, hue, icon, time } from "./dom.js";
import { emojied } from "./emoji.js";
import { pollOf, reactionsOf } from "./reactions.js";
import { rich } from "./richtext.js";

const size = (bytes) => bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;

const PICTURES = new Set(["photo", "sticker", "animation", "live_photo"]);

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function fileRow(media) {
  return h("a", { class: "file", href: media.url, download: media.name },
    h("span", { class: "file-icon" }, icon("file")),
    h("span", { class: "file-text" }, h("b", {}, media.name), h("small", {}, media.seconds ? `${minutes(media.seconds)} · ` : "", size(media.size))));
}

/** A picture where the bytes are one; a row that names the file where they are not, as those of most tests. */
function mediaOf(message) {
  const { media, kind } = message;
  if (!PICTURES.has(kind)) return fileRow(media);
  const image = h("img", { src: media.url, alt: message.text || media.name, loading: "lazy", class: media.spoiler ? "hazy" : null });
  const button = h("button", { class: "enlarge", type: "button", "data-key": `media${message.serial}`, "aria-label": `${media.spoiler ? "Show" : "Enlarge"}: ${message.text || media.name}`,
    onclick: () => {
      if (!image.classList.contains("hazy")) return enlarge(image);
      image.classList.remove("hazy");
      button.setAttribute("aria-label", `Enlarge: ${message.text || media.name}`);
    } }, image);
  image.addEventListener("error", () => button.replaceWith(fileRow(media)), { once: true });
  return button;
}

/** Show a picture as large as the window; Escape, a click or the button takes it away. */
function enlarge(image) {
  $("viewed").src = image.src;
  $("viewed").alt = image.alt;
  $("viewer").showModal();
  $("viewer").onclick = () => $("viewer").close();
}

function buttonOf(button, row, column, message, does, waiting) {
  const text = emojied(button.text || "");
  if (button.url) {
    const isWeb = /^(https?|tg):/i.test(button.url);
    return h("a", { class: "key", href: isWeb ? button.url : null, target: "_blank", rel: "noopener noreferrer" }, text, icon("link"));
  }
  if (button.copy_text) return h("button", { class: "key", type: "button", onclick: () => does.copy(button.copy_text.text) }, text);
  if (button.pay) return h("button", { class: "key", type: "button", "data-key": `${row},${column}`, onclick: () => does.pay(message) }, text);
  if (button.callback_data === undefined) return h("button", { class: "key", type: "button", disabled: true, title: "Only a real client can do this" }, text);
  const isWaiting = waiting.has(button.callback_data);
  return h("button", { class: isWaiting ? "key waiting" : "key", type: "button", "data-key": `${row},${column}`,
    onclick: () => does.tap(message, row, column) }, text);
}

function keyboardOf(message, does, waiting) {
  return h("div", { class: "keys", role: "group", "aria-label": "Buttons" }, message.buttons.map((row, r) =>
    h("div", { class: "keys-row" }, row.map((button, c) => buttonOf(button, r, c, message, does, waiting)))));
}

function marksOf(holders) {
  return holders.map((holder) => h("span", { class: `mark hue${holder.hue}`, title: `Held by ${holder.label}` , role: "img", "aria-label": `held by ${holder.label}` }));
}

/** What is no text and no file: its kind, a title, and lines; a poll can be voted in. */
function detailOf(message, me, does) {
  const kind = message.kind.replaceAll("_", " ");
  const isSaid = [kind, `${kind} (cannot be shown)`].includes(message.detail.title.toLowerCase());
  return h("div", { class: "detail" }, isSaid ? null : h("small", {}, kind), h("b", {}, emojied(message.detail.title)),
    message.detail.lines.map((line) => h("div", {}, line)), message.poll ? pollOf(message, me, does) : null);
}

const REPORTS = { failed: "A handler failed", unhandled: "No handler took it" };

function reportsOf(reports) {
  return reports.map((report) => h("span", { class: report.error ? "report failed" : "report", title: report.error || null },
    report.error ? REPORTS.failed : REPORTS.unhandled));
}

function metaOf(messages, holders, reports) {
  const [first, last] = [messages[0], messages.at(-1)];
  const number = first.id === last.id ? `#${last.id}` : `#${first.id}–${last.id}`;
  return h("span", { class: "meta" }, reportsOf(reports), marksOf(holders),
    last.id ? h("span", { class: "number", title: "message_id" }, number) : h("span", { class: "number" }, "only you see this"),
    messages.some((message) => message.edited) ? h("span", {}, "edited") : null,
    h("time", { datetime: new Date(last.date * 1000).toISOString(), title: `${day(last.date)}, ${time(last.date)}` }, time(last.date)));
}

/** A block of one message, or of several that form an album; `around` is what it takes from its neighbours. */
export function bubble(messages, around, does) {
  const first = messages[0];
  const text = messages.find((message) => message.text) || first;
  if (first.service) {
    return h("li", { class: "service", "data-serial": first.serial }, h("span", { title: `#${first.id}` }, marksOf(around.holders), first.service));
  }
  const isOwn = first.sender === around.me;
  const media = messages.filter((message) => message.media);
  const more = h("button", { class: "icon more", type: "button", "aria-label": `Actions for: ${first.preview}`, "aria-haspopup": "menu",
    onclick: (event) => does.menu(event.currentTarget, first) }, icon("more"));
  const body = h("div", { class: "bubble" },
    around.topic ? h("div", { class: "topic" }, `# ${around.topic}`) : null,
    around.isNamed ? h("div", { class: `sender ink${hue(first.from)}` }, first.name) : null,
    first.forward ? h("div", { class: "forward" }, `Forwarded from ${first.forward}`) : null,
    first.via ? h("div", { class: "forward" }, `via ${first.via}`) : null,
    first.reply ? h("button", { class: "quote", type: "button", onclick: () => does.jump(first.reply.serial) }, h("b", {}, first.reply.name), h("span", {}, emojied(first.reply.text))) : null,
    media.length ? h("div", { class: media.length > 1 ? "album" : "single" }, media.map(mediaOf)) : null,
    first.detail ? detailOf(first, around.me, does) : null,
    text.text ? h("div", { class: "text", dir: "auto" }, rich(text.text, text.entities, does.command)) : null,
    first.reactions ? reactionsOf(first, around.me, does) : null,
    metaOf(messages, around.holders, around.reports));
  return h("li", { class: `${isOwn ? "own" : "other"}${around.joins ? " joins" : ""}`, "data-serial": first.serial },
    around.hasFaces ? (around.joins ? h("span", { class: "avatar blank" }) : avatar(first.name, first.from)) : null,
    h("div", { class: "stack" }, h("span", { class: "sr" }, isOwn ? "You: " : `${first.name}: `),
      h("div", { class: "with-more" }, body, more),
      first.buttons ? keyboardOf(first, does, around.waiting) : null,
      around.unanswered.length ? h("p", { class: "small unanswered" }, `Not answered by the bot: ${around.unanswered.join(", ")}`) : null));
}

/** What a bot is just writing: a preview, which a message will take the place of. */
export function draftBubble(draft, does) {
  return h("li", { class: "other draft", "data-draft": draft.serial }, h("div", { class: "stack" }, h("div", { class: "bubble" },
    draft.text ? h("div", { class: "text", dir: "auto" }, rich(draft.text, draft.entities, does.command)) : null,
    h("span", { class: "writing", role: "img", "aria-label": "is writing" }))));
}
