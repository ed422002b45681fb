// Text with its entities, as nodes. Offsets are UTF-16 units, as JavaScript counts them.

import { h } from "./dom.js";
import { emojied } from "./emoji.js";

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote" };

const isSafe = (url) => /^(https?|tg|mailto):/i.test(url);

function link(url, children) {
  return isSafe(url) ? h("a", { href: url, dir: "auto", target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}

function element(entity, text, children, onCommand) {
  switch (entity.type) {
    case "bot_command": return h("button", { class: "command", type: "button", dir: "ltr", onclick: () => onCommand(text) }, children);
    case "url": return link(/^\w+:/.test(text) ? text : `https://${text}`, children);
    case "text_link": return link(entity.url || "", children);
    case "email": return link(`mailto:${text}`, children);
    case "spoiler": return h("button", { class: "spoiler", type: "button", "aria-label": "Show the spoiler",
      onclick: (event) => { event.currentTarget.classList.add("seen"); event.currentTarget.removeAttribute("aria-label"); } }, children);
    case "mention": case "text_mention": case "hashtag": case "cashtag": return h("span", { class: "mention", dir: "auto" }, children);
  }
  return h(TAGS[entity.type] || "span", {}, children);
}

/** The nodes of a text; its entities come in order, the outer ones first, and never cross. */
export function rich(text, entities, onCommand) {
  const sorted = [...(entities ?? [])];
  const build = (from, to) => {
    const nodes = [];
    let at = from;
    while (sorted.length && sorted[0].offset < to) {
      const entity = sorted.shift();
      const end = Math.min(entity.offset + entity.length, to);
      if (entity.offset < at || end <= entity.offset) continue;
      if (entity.offset > at) nodes.push(...emojied(text.slice(at, entity.offset)));
      nodes.push(element(entity, text.slice(entity.offset, end), build(entity.offset, end), onCommand));
      at = end;
    }
    if (at < to) nodes.push(...emojied(text.slice(at, to)));
    return nodes;
  };
  return build(0, text.length);
}
