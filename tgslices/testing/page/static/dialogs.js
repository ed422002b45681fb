// The two or three questions that the page asks, in one dialog.

import { $, avatar, h } from "./dom.js";
import { act, all, get, has, onChange } from "./state.js";

let finish = async () => {};

function ask(title, ok, fields, onFinish) {
  $("dialog-title").textContent = title;
  $("dialog-ok").textContent = ok;
  $("dialog-fields").replaceChildren(...fields);
  finish = onFinish;
  if (!$("dialog").open) $("dialog").showModal();
  $("dialog-fields").querySelector("input, button, select")?.focus();
}

const field = (label, attributes) => h("label", { class: "field" }, h("span", {}, label), h("input", { autocomplete: "off", maxlength: 64, ...attributes }));
const value = (id) => $(id).value;

export function askPerson(onMade) {
  ask("Add a person", "Add", [field("First name", { id: "person-name", required: true }), field("Username (optional)", { id: "person-username", placeholder: "ann" })],
    async () => {
      const made = await act({ do: "person", name: value("person-name"), username: value("person-username") });
      if (made) onMade(made.person);
      return made;
    });
}

export function askGroup(person, onMade) {
  const users = [...all("person:"), ...all("bot:")];
  const boxes = users.map((user) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "member", value: user.id, checked: true }),
    ` ${user.name}${get(`bot:${user.id}`) ? " (bot)" : ""}`));
  ask("Add a group", "Add", [field("Title", { id: "group-title", required: true }), h("fieldset", { class: "members" }, h("legend", {}, "Members"), boxes),
    h("label", { class: "check" }, h("input", { type: "checkbox", id: "group-super" }), " Supergroup"),
    h("label", { class: "check" }, h("input", { type: "checkbox", id: "group-forum" }), " Forum: a supergroup with topics")],
    async () => {
      const members = [...document.querySelectorAll('input[name="member"]:checked')].map((box) => Number(box.value));
      const made = await act({ do: "group", title: value("group-title"), members, is_super: $("group-super").checked, is_forum: $("group-forum").checked });
      const first = members.includes(person) ? person : members.find((id) => get(`person:${id}`));
      if (made) onMade(first, made.place);
      return made;
    });
}

const ROLES = { creator: "owner", administrator: "administrator", restricted: "restricted", member: "member" };

function memberRow(person, place, user) {
  const here = get(`place:${place}`);
  const role = here.roles[user.id];
  const isBot = Boolean(get(`bot:${user.id}`));
  const isAdministrator = role === "administrator";
  const mayChange = here.appointers.includes(person) && user.id !== person && role !== "creator";
  const change = h("button", { class: "soft", type: "button", "data-user": user.id, "aria-label": `${isAdministrator ? "Make member" : "Make admin"}: ${user.name}`,
    onclick: () => act({ do: "appoint", person, place, user: user.id, is_administrator: !isAdministrator }) }, isAdministrator ? "Make member" : "Make admin");
  return h("li", {}, avatar(user.name, user.id), h("span", { class: "role" }, h("b", {}, user.name), h("small", {}, `${isBot ? "bot, " : ""}${ROLES[role] ?? role}`)), mayChange ? change : null);
}

/** The members as they are now; whoever appoints one keeps the focus. */
function showRoles() {
  const list = $("roles");
  const { person, place } = list?.dataset ?? {};
  const here = get(`place:${place}`);
  if (!here) return;
  const chosen = document.activeElement?.dataset.user;
  const users = [...here.people, ...here.bots].map((id) => get(`person:${id}`) || get(`bot:${id}`)).filter(Boolean);
  list.replaceChildren(...users.map((user) => memberRow(Number(person), place, user)));
  if (chosen) (list.querySelector(`[data-user="${chosen}"]`) || $("dialog-ok")).focus();
}

/** Who is in a group and what they are there, and who else could come. */
export function askMembers(person, place) {
  const inside = get(`place:${place}`);
  const others = [...all("person:"), ...all("bot:")].filter((user) => ![...inside.people, ...inside.bots].includes(user.id));
  const options = others.map((user) => h("option", { value: user.id }, user.name));
  const choice = others.length ? h("label", { class: "field" }, h("span", {}, "Add somebody"), h("select", { id: "member" }, options))
    : h("p", {}, "Everybody is in here already. Add a person first.");
  const roles = h("ul", { class: "roles", id: "roles", "data-person": person, "data-place": place, "aria-label": "Members" });
  $("dialog-fields").replaceChildren(roles);
  showRoles();
  ask("Members", others.length ? "Add" : "Close", [roles, choice], async () => !others.length || act({ do: "join", place, person, user: Number(value("member")) }));
  $("dialog-cancel").hidden = !others.length;
}

export function askTopic(person, place, onMade) {
  ask("Add a topic", "Add", [field("Name", { id: "topic-name", required: true })], async () => {
    const made = await act({ do: "topic", person, place, name: value("topic-name") });
    if (made) onMade(made.topic);
    return made;
  });
}

/** What a bot answers to a tap and wants to be read: an alert. */
export function alertWith(text) {
  ask("The bot says", "OK", [h("p", { class: "alert" }, text)], async () => true);
  $("dialog-cancel").hidden = true;
  $("dialog-ok").focus();
}

export function startDialogs() {
  const dialog = $("dialog");
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await finish()) dialog.close();
  });
  dialog.addEventListener("close", () => { $("dialog-cancel").hidden = false; });
  $("dialog-cancel").addEventListener("click", () => dialog.close());
  onChange((changed) => { if (dialog.open && $("roles") && has(changed, "place:", "person:", "bot:")) showRoles(); });
}
