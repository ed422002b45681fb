// What goes wrong, and what time it is.

import { $, day, h, time } from "./dom.js";
import { act, all, get, has, now, onChange } from "./state.js";

const MODES = { off: "Off", once: "Next call", always: "Every call" };

function send(name) {
  const chosen = document.querySelector(`input[name="fault-${name}"]:checked`).value;
  act({ do: "fault", name, mode: chosen, method: $("fault-method").value });
}

function faultBox({ name, title, text }) {
  const choices = Object.entries(MODES).map(([mode, label]) =>
    h("label", {}, h("input", { type: "radio", name: `fault-${name}`, value: mode, checked: mode === "off", onchange: () => send(name) }), h("span", {}, label)));
  return h("fieldset", { class: "card", id: `fault-${name}` }, h("legend", { class: "sr" }, title),
    h("header", {}, h("b", {}, title), h("span", { class: "grow" }), h("span", { class: "small hits" })),
    h("p", { class: "small" }, text), h("div", { class: "segments" }, choices), h("p", { class: "small only" }));
}

function build() {
  $("panel-switches").append(
    h("h3", {}, "Clock"),
    h("section", { class: "card" },
      h("p", { class: "now", id: "now" }), h("p", { class: "small", id: "ahead" }),
      h("div", { class: "row" }, [1, 24, 48].map((hours) =>
        h("button", { class: "soft", type: "button", "data-hours": hours, onclick: () => act({ do: "clock", hours }) }, `+${hours} h`))),
      h("p", { class: "small" }, "The clock of Telegram: messages grow older by that much. The bot's own clock stays.")),
    h("h3", {}, "Faults"),
    h("label", { class: "field" }, h("span", {}, "Only for the method"),
      h("input", { id: "fault-method", list: "methods", placeholder: "any but getUpdates", autocomplete: "off", spellcheck: "false" })),
    h("datalist", { id: "methods" }, ["sendMessage", "deleteMessages", "deleteMessage", "editMessageText", "answerCallbackQuery", "getUpdates"].map((name) => h("option", { value: name }))),
    h("div", { id: "faults" }));
}

function tick() {
  $("now").textContent = `${day(now())}, ${time(now())}`;
  const ahead = get("clock:")?.ahead ?? 0;
  const hours = Math.round(ahead / 360) / 10;
  $("ahead").textContent = Math.abs(hours) < 0.1 ? "as on your own clock" : `${hours} hours ahead of your own clock`;
}

function showFaults() {
  if (!$("faults").childElementCount) $("faults").replaceChildren(...all("fault:").map(faultBox));
  for (const fault of all("fault:")) {
    const box = $(`fault-${fault.name}`);
    box.querySelector(`input[value="${fault.mode}"]`).checked = true;
    box.classList.toggle("on", fault.mode !== "off");
    box.querySelector(".hits").textContent = fault.hits ? `met ${fault.hits} ${fault.hits === 1 ? "call" : "calls"}` : "";
    box.querySelector(".only").textContent = fault.mode !== "off" && fault.method ? `only ${fault.method}` : "";
  }
  $("tab-switches").classList.toggle("alarm", all("fault:").some((fault) => fault.mode !== "off"));
}

export function startSwitches() {
  build();
  setInterval(tick, 5000);
  onChange((changed, isFirst) => {
    if (isFirst || has(changed, "clock:")) tick();
    if (isFirst || has(changed, "fault:")) showFaults();
  });
}
