// The two or three questions that the page asks, in one dialog.

import { $, avatar, h } from "./dom.js";
import { act, all, get, has, onChange } from "./state.js";

let finish = async () => {};

/** Ask in the dialog: `onFinish` does it, and the dialog closes unless it returns nothing. */
export function ask(title, ok, fields, onFinish) {
  $("dialog-title").textContent = title;
  $("dialog-ok").textContent = ok;
  $("dialog-fields").replaceChildren(...fields);
  finish = onFinish;
  if (!$("dialog").open) $("dialog").showModal();
  $("dialog-fields").querySelector("input, button, select")?.focus();
}

export const field = (label, attributes) => h("label", { class: "field" }, h("span", {}, label), h("input", { autocomplete: "off", maxlength: 64, ...attributes }));
export const value = (id) => $(id).value;

export function askPerson(onMade) {
  ask("Add a person", "Add", [field("First name", { id: "person-name", required: true }), field("Username (optional)", { id: "person-username", placeholder: "ann" })],
    async () => {
      const made = await act({ do: "person", name: value("person-name"), username: value("person-username") });
      if (made) onMade(made.person);
      return made;
    });
}

export function askBot() {
  ask("Add a bot", "Add", [field("Username", { id: "bot-username", required: true, placeholder: "soup_bot" }), field("Name (optional)", { id: "bot-name" })],
    async () => {
      const made = await act({ do: "bot", username: value("bot-username"), name: value("bot-name") });
      if (made) tell("The bot is there", `Start it with the token ${made.token}`);
      return null; // the dialog stays open, with the token in it
    });
}

const KINDS = { group: "Group", supergroup: "Supergroup", forum: "Forum, a supergroup with topics", channel: "Channel",
  direct: "Channel with direct messages", business: "Chat with a business account" };

export const choice = (label, id, users) => h("label", { class: "field" }, h("span", {}, label), h("select", { id }, users.map((user) => h("option", { value: user.id }, user.name))));

/** Who a business account belongs to, who writes to it, and which bot answers. */
function businessFields() {
  const people = all("person:");
  const fields = [choice("Account", "business-owner", people), choice("Customer", "business-customer", people), choice("Bot", "business-bot", all("bot:"))];
  const customer = fields[1].querySelector("select");
  if (people.length > 1) customer.selectedIndex = 1;
  return fields;
}

function memberFields() {
  const boxes = [...all("person:"), ...all("bot:")].map((user) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "member", value: user.id, checked: true }),
    ` ${user.name}${get(`bot:${user.id}`) ? " (bot)" : ""}`));
  return [field("Title", { id: "group-title", required: true }), h("fieldset", { class: "members" }, h("legend", {}, "Members"), boxes)];
}

async function makeBusinessChat(onMade) {
  const [owner, customer, bot] = ["business-owner", "business-customer", "business-bot"].map((id) => Number(value(id)));
  const made = await act({ do: "business", owner, customer, bot });
  if (made) onMade(customer, made.place);
  return made;
}

async function makeGroup(person, kind, onMade) {
  const members = [...document.querySelectorAll('input[name="member"]:checked')].map((box) => Number(box.value));
  const isDirect = kind === "direct";
  const made = await act({ do: "group", kind: isDirect ? "channel" : kind, title: value("group-title"), members, has_direct_messages: isDirect });
  const first = members.includes(person) ? person : members.find((id) => get(`person:${id}`));
  if (made) onMade(first, made.place);
  return made;
}

export function askChat(person, onMade) {
  const kinds = h("select", { id: "chat-kind" }, Object.entries(KINDS).map(([kind, name]) => h("option", { value: kind }, name)));
  const rest = h("div", {}, memberFields());
  kinds.addEventListener("change", () => rest.replaceChildren(...(kinds.value === "business" ? businessFields() : memberFields())));
  ask("Add a chat", "Add", [h("label", { class: "field" }, h("span", {}, "Kind"), kinds), rest],
    () => (kinds.value === "business" ? makeBusinessChat(onMade) : makeGroup(person, kinds.value, onMade)));
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

function tell(title, text) {
  ask(title, "OK", [h("p", { class: "alert" }, text)], async () => true);
  $("dialog-cancel").hidden = true;
  $("dialog-ok").focus();
}

/** What a bot answers to a tap and wants to be read: an alert. */
export const alertWith = (text) => tell("The bot says", text);

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
