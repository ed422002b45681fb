// How the page looks: light or dark, and how wide the columns are. The browser remembers it.

import { ask } from "./dialogs.js";
import { $, h } from "./dom.js";

const THEMES = { system: "System", light: "Light", dark: "Dark" };
const WIDTHS = { chats: { label: "Width of the chats", least: 220, most: 460, usual: 290 }, tools: { label: "Width of the tools", least: 300, most: 720, usual: 390 } };

const remembered = (name) => { try { return localStorage.getItem(`tgslices.${name}`); } catch { return null; } };
const remember = (name, value) => { try { localStorage.setItem(`tgslices.${name}`, value); } catch { /* it looks so until it is closed */ } };

const themeNow = () => (remembered("theme") in THEMES ? remembered("theme") : "system");
function widthNow(name) {
  const { least, most, usual } = WIDTHS[name];
  const chosen = Number(remembered(name));
  return chosen >= least && chosen <= most ? chosen : usual;
}

function dress() {
  document.documentElement.style.colorScheme = { light: "light", dark: "dark" }[themeNow()] ?? "light dark";
  for (const name of Object.keys(WIDTHS)) document.body.style.setProperty(`--${name}`, `${widthNow(name)}px`);
}

function choose(name, value) {
  remember(name, value);
  dress();
}

function themes() {
  const choices = Object.entries(THEMES).map(([theme, label]) => h("label", {},
    h("input", { type: "radio", name: "theme", value: theme, checked: theme === themeNow(), onchange: () => choose("theme", theme) }), h("span", {}, label)));
  return h("fieldset", { class: "members" }, h("legend", {}, "Colours"), h("div", { class: "segments" }, choices));
}

function slider([name, { label, least, most }]) {
  return h("label", { class: "field" }, h("span", {}, label),
    h("input", { type: "range", id: `width-${name}`, min: least, max: most, step: 10, value: widthNow(name), oninput: (event) => choose(name, event.target.value) }));
}

function askLooks() {
  ask("Colours and widths", "Done", [themes(), ...Object.entries(WIDTHS).map(slider)], async () => true);
  $("dialog-cancel").hidden = true;
}

export function startLooks() {
  dress();
  $("looks").addEventListener("click", askLooks);
}
