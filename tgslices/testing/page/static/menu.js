// The menu of a message: reactions, and what else can be done with it.

import { $, h, walk } from "./dom.js";
import { setContext } from "./composer.js";
import { current } from "./conversation.js";
import { pictured } from "./emoji.js";
import { copy } from "./notices.js";
import { act } from "./state.js";

function closeMenu() {
  if ($("menu").matches(":popover-open")) $("menu").hidePopover();
}

const EMOJIS = ["👍", "❤", "🔥", "😁", "🎉"];

/** One line of a menu. */
export const item = (label, action, attributes = {}) =>
  h("button", { role: "menuitem", type: "button", ...attributes, onclick: () => { closeMenu(); action(); } }, label);

/** Show a menu of these items below a button, or above it where there is no room; the focus comes back to the button. */
export function openItems(button, name, items) {
  const menu = $("menu");
  menu.setAttribute("aria-label", name);
  menu.replaceChildren(...items.filter(Boolean));
  menu.showPopover();
  const at = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.querySelector("button").focus();
  menu.ontoggle = (event) => { if (event.newState === "closed" && menu.contains(document.activeElement)) button.focus(); };
}

/** The menu of a message, below the button that opens it. */
export function openMenu(button, message) {
  const here = current();
  const isOwn = message.sender === here.person;
  const target = () => ({ ...here, serial: message.serial });
  const mine = (emoji) => message.reactions?.[emoji]?.includes(here.person);
  openItems(button, "What to do with the message", [
    h("div", { class: "emojis", role: "group", "aria-label": "React" }, EMOJIS.map((emoji) =>
      item(pictured(emoji), () => act({ do: "react", ...target(), emoji: mine(emoji) ? "" : emoji }), { "aria-label": emoji }))),
    item("Reply", () => setContext("reply", message)),
    isOwn && message.kind === "text" ? item("Edit", () => setContext("edit", message)) : null,
    message.text ? item("Copy text", () => copy(message.text)) : null,
    item("Pin", () => act({ do: "pin", ...target() })),
    item("Delete", () => act({ do: "delete", ...target() })),
  ]);
}

export function startMenu() {
  $("menu").addEventListener("keydown", (event) => walk(event, [...$("menu").querySelectorAll("button")]));
}
