// What a person sends besides text: files with a caption, a voice message, a sticker, a place, a contact.

import { ask, choice, field, value } from "./dialogs.js";
import { $, h } from "./dom.js";
import { STICKERS, painted, pictured } from "./emoji.js";
import { item, openItems } from "./menu.js";
import { act, all, upload } from "./state.js";

const KINDS = { image: "photo", video: "video", audio: "audio" };
const SILENCE = new Uint8Array(600); // what stands in for a recording: nobody listens

let where = () => null;

const kindOf = (file) => (file.type === "image/svg+xml" ? "document" : KINDS[file.type.split("/")[0]] || "document");

async function sendFiles(files, caption, asDocuments) {
  const mark = String(Date.now());
  for (const [index, file] of files.entries()) {
    const kind = asDocuments ? "document" : kindOf(file);
    const sent = await upload(file, { ...where(), kind, caption: index ? "" : caption, ...(files.length > 1 ? { album: mark } : {}) });
    if (!sent) return false;
  }
  return true;
}

/** Ask for a caption, which what was typed already is a draft of. */
function askFiles(list) {
  const files = [...list];
  if (!where() || !files.length) return;
  const caption = field("Caption (optional)", { id: "file-caption", maxlength: 1024, value: $("input").value });
  const plain = h("label", { class: "check" }, h("input", { type: "checkbox", id: "file-plain" }), "As files, without a preview");
  const names = h("ul", { class: "files" }, files.map((file) => h("li", {}, file.name)));
  ask(files.length > 1 ? `Send ${files.length} files` : "Send a file", "Send", [names, caption, plain], async () => {
    const isSent = await sendFiles(files, value("file-caption"), $("file-plain").checked);
    if (isSent) $("input").value = "";
    return isSent;
  });
  $("file-caption").focus();
}

function askVoice() {
  ask("Send a voice message", "Send", [field("Seconds", { id: "voice-seconds", type: "number", min: 1, max: 3600, value: 5, required: true }),
    field("Caption (optional)", { id: "voice-caption", maxlength: 1024 })],
    () => upload(new File([SILENCE], "voice.ogg", { type: "audio/ogg" }), { ...where(), kind: "voice", duration: value("voice-seconds"), caption: value("voice-caption") }));
}

async function sendSticker(emoji) {
  upload(new File([await painted(emoji, 256)], "sticker.webp", { type: "image/webp" }), { ...where(), kind: "sticker", emoji });
}

function askSticker() {
  openItems($("attach"), "Stickers", [h("div", { class: "emojis many", role: "group", "aria-label": "Stickers" },
    STICKERS.map((emoji) => item(pictured(emoji, true), () => sendSticker(emoji), { "aria-label": `Sticker ${emoji}` })))]);
}

const degrees = (label, id, most, degree) => field(label, { id, type: "number", step: "any", min: -most, max: most, value: degree, required: true });

function askLocation() {
  ask("Send a location", "Send", [degrees("Latitude", "latitude", 90, 59.437), degrees("Longitude", "longitude", 180, 24.7536)],
    () => act({ do: "share", ...where(), kind: "location", latitude: Number(value("latitude")), longitude: Number(value("longitude")) }));
}

function askContact() {
  ask("Send a contact", "Send", [choice("Whose", "contact-of", all("person:")), field("Phone number", { id: "contact-phone", value: "+10005550100", required: true })],
    () => act({ do: "share", ...where(), kind: "contact", user: Number(value("contact-of")), phone: value("contact-phone") }));
}

function openAttachments() {
  openItems($("attach"), "What to send", [
    item("Photo, video or file", () => $("files").click()),
    item("Voice message", askVoice),
    item("Sticker", askSticker),
    item("Location", askLocation),
    item("Contact", askContact),
  ]);
}

/** Start with what tells whom and where one writes now. */
export function startAttaching(whereNow) {
  where = whereNow;
  $("attach").addEventListener("click", openAttachments);
  $("files").addEventListener("change", () => { askFiles($("files").files); $("files").value = ""; });
  $("conversation").addEventListener("dragover", (event) => event.preventDefault());
  $("conversation").addEventListener("drop", (event) => { event.preventDefault(); askFiles(event.dataTransfer.files); });
}
