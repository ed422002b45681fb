// What a session of grammY costs a handler, beside a handler without one: `node data_grammy.mjs ROUNDS UPDATES`.
import { createRequire } from "node:module";
const { Bot, session, MemorySessionStorage } = createRequire(import.meta.url)("grammy");

const [rounds, count] = process.argv.slice(2).map(Number);
const line = () => ({ name: "Margherita", price: 950, extras: ["basil"] });
const initial = () => ({ number: 0, address: "12 Harbour Road", lines: Array.from({ length: 10 }, line) });

function made(wire) {
  const botInfo = { id: 42, is_bot: true, first_name: "b", username: "b_bot" };
  const bot = new Bot("42:" + "A".repeat(35), { botInfo });
  wire(bot);
  return bot;
}

// Kept as JSON text, as every storage of grammY's but the one in memory keeps it.
class AsText extends MemorySessionStorage {
  read(key) { const text = super.read(key); return text === undefined ? undefined : JSON.parse(text); }
  write(key, value) { super.write(key, JSON.stringify(value)); }
}

const variants = {
  "grammY, no session": made((bot) => bot.on("message", () => {})),
  "grammY, session in memory: changed": made((bot) => {
    bot.use(session({ initial }));
    bot.on("message", (ctx) => { ctx.session.number += 1; });
  }),
  "grammY, session as JSON text: changed": made((bot) => {
    bot.use(session({ initial, storage: new AsText() }));
    bot.on("message", (ctx) => { ctx.session.number += 1; });
  }),
};
const taken = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
const person = { id: 7, is_bot: false, first_name: "Ann" };
let number = 1;
for (let turn = 0; turn <= rounds; turn++) {
  for (const name of Object.keys(variants).sort(() => Math.random() - 0.5)) {
    const batch = Array.from({ length: count }, (_, at) => ({
      update_id: number + at,
      message: { message_id: number + at, date: 1, chat: { id: 7, type: "private", first_name: "Ann" }, from: person, text: "hi" },
    }));
    const begun = process.hrtime.bigint();
    for (const update of batch) await variants[name].handleUpdate(update);
    if (turn > 0) taken[name].push(Number(process.hrtime.bigint() - begun) / count / 1000);
  }
  number += count;
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const bare = median(taken["grammY, no session"]);
for (const [name, values] of Object.entries(taken)) {
  console.log(`${name.padEnd(38)}${median(values).toFixed(1).padStart(10)}${(median(values) - bare).toFixed(1).padStart(23)}`);
}
