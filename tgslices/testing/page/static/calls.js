// The log of Bot API calls, newest first.

import { $, arrange, h, time } from "./dom.js";
import { emojied } from "./emoji.js";
import { act, all, get, has, onChange } from "./state.js";

const rows = new Map();

const toneOf = (call) => (call.status === null ? "open" : call.status >= 200 && call.status < 300 ? "good" : "bad");
const statusOf = (call) => (call.status === null ? "…" : call.status === 0 ? "cut" : String(call.status));

/** The most telling argument, in one line. */
function gist(call) {
  let given;
  try { given = JSON.parse(call.arguments); } catch { return ""; }
  const tapped = get(`tap:${given.callback_query_id}`)?.data;
  const told = given.text ?? given.caption ?? given.message_ids ?? given.message_id ?? tapped ?? given.offset;
  return told === undefined ? "" : typeof told === "string" ? told : JSON.stringify(told);
}

const chatOf = (call) => (call.chat === null ? "" : get(`person:${call.chat}`)?.name ?? all("place:").find((place) => place.id === call.chat)?.title ?? String(call.chat));
const botOf = (call) => get(`bot:${call.bot}`)?.name ?? String(call.bot);

function isWanted(words) {
  const wanted = $("call-filter").value.trim().toLowerCase();
  return !wanted || words.some((word) => String(word ?? "").toLowerCase().includes(wanted));
}

function draw(call, manyBots) {
  const chat = chatOf(call);
  const face = JSON.stringify([call, manyBots, chat]);
  const row = rows.get(call.number);
  if (row?.face === face) return row.element;
  const tone = toneOf(call);
  const summary = h("summary", {},
    h("span", { class: `status ${tone}` }, statusOf(call)),
    h("b", {}, call.method, h("span", { class: "about" }, [chat, time(call.date)].filter(Boolean).join(" · "))),
    h("span", { class: "gist" }, emojied(call.description || gist(call))));
  const rest = [
    manyBots ? h("p", { class: "small" }, `by ${botOf(call)}`) : null,
    call.via_webhook ? h("p", { class: "small" }, "in the answer to a webhook") : null,
    h("h3", {}, "Arguments"), h("pre", { tabindex: "0" }, call.arguments),
    h("h3", {}, "Answer"), h("pre", { tabindex: "0" }, call.status === null ? "not answered yet" : call.status === 0 ? "none: the connection was cut" : call.answer)];
  const details = h("details", { open: row?.element.querySelector("details").open }, summary, rest);
  const element = h("li", { class: "call" }, details);
  if (row) row.element.replaceWith(element);
  rows.set(call.number, { element, face });
  return element;
}

/** What went wrong in a handler, among the calls. */
function drawReport(report) {
  const name = `report ${report.number}`;
  const row = rows.get(name);
  if (row) return row.element;
  const element = h("li", { class: "call" }, h("details", {},
    h("summary", {}, h("span", { class: report.error ? "status bad" : "status open" }, report.error ? "error" : "–"), h("b", {}, report.update),
      h("span", { class: "gist" }, report.error || "No handler took this update.")),
    h("h3", {}, report.error ? "Traceback" : "Why"),
    h("pre", { tabindex: "0" }, report.trace || "No handler of the dispatcher has filters that let this update through.")));
  rows.set(name, { element });
  return element;
}

function render() {
  const isShowingPolls = $("show-polls").checked;
  const calls = all("call:").filter((call) => (isShowingPolls || call.method !== "getUpdates")
    && isWanted([call.method, statusOf(call), chatOf(call), botOf(call), call.description, call.arguments])).sort((a, b) => b.number - a.number);
  const manyBots = all("bot:").length > 1;
  const numbers = new Set(calls.map((call) => call.number));
  const reports = all("report:").filter((report) => isWanted([report.update, report.error, "error"])).map((report) => ({ at: report.after - 0.5 + report.number / 1e6, report }));
  const found = [...calls.map((call) => ({ at: call.number, call })), ...reports].sort((a, b) => b.at - a.at);
  for (const { report } of reports) numbers.add(`report ${report.number}`);
  for (const number of rows.keys()) if (!numbers.has(number)) rows.delete(number);
  const wanted = found.map(({ call, report }) => (report ? drawReport(report) : draw(call, manyBots)));
  if (!wanted.length) wanted.push(h("li", { class: "hint" }, h("p", {}, h("b", {}, $("call-filter").value ? "No call is like that" : "No calls yet")), h("p", {}, "Whatever the bot asks of Telegram appears here, with what it was answered.")));
  arrange($("calls"), wanted);
}

export function startCalls() {
  $("show-polls").addEventListener("change", render);
  $("call-filter").addEventListener("input", render);
  $("clear-log").addEventListener("click", () => act({ do: "clear log" }));
  onChange((changed, isFirst) => { if (isFirst || has(changed, "call:", "report:", "bot:", "place:")) render(); });
}
