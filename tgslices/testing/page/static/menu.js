// The menu of a message: reactions, and what else can be done with it.

import { $, h, walk } from "./dom.js";
import { setContext } from "./composer.js";
import { current } from "./conversation.js";
import { copy } from "./notices.js";
import { act } from "./state.js";

function closeMenu() {
  if ($("menu").matches(":popover-open")) $("menu").hidePopover();
}

const EMOJIS = ["👍", "❤", "🔥", "😁", "🎉"];

/** The menu of a message, below the button that opens it. */
export function openMenu(button, message) {
  const here = current();
  const isOwn = message.sender === here.person;
  const item = (label, action) => h("button", { role: "menuitem", type: "button", onclick: () => { closeMenu(); action(); } }, label);
  const target = () => ({ ...here, serial: message.serial });
  const menu = $("menu");
  const mine = (emoji) => message.reactions?.[emoji]?.includes(here.person);
  menu.replaceChildren(...[
    h("div", { class: "emojis", role: "group", "aria-label": "React" }, EMOJIS.map((emoji) =>
      item(emoji, () => act({ do: "react", ...target(), emoji: mine(emoji) ? "" : emoji })))),
    item("Reply", () => setContext("reply", message)),
    isOwn && message.kind === "text" ? item("Edit", () => setContext("edit", message)) : null,
    message.text ? item("Copy text", () => copy(message.text)) : null,
    item("Pin", () => act({ do: "pin", ...target() })),
    item("Delete", () => act({ do: "delete", ...target() })),
  ].filter(Boolean));
  menu.showPopover();
  const at = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.querySelector("button").focus();
  menu.ontoggle = (event) => { if (event.newState === "closed" && menu.contains(document.activeElement)) button.focus(); };
}

export function startMenu() {
  $("menu").addEventListener("keydown", (event) => walk(event, [...$("menu").querySelectorAll("button")]));
}
