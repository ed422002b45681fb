// Emoji that draw on a system without a font for them, as servers are: the usual reactions, dice, and a few more.

import { h } from "./dom.js";

const SIZE = 32;
const disc = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const box = (x, y, w, h, r = 2) => `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - w}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - h}a${r} ${r} 0 0 1 ${r} ${-r}z`;

const SKIN = "#f6bd42";
const DARK = "#4a3419";
const RED = "#dd2e44";
const face = (...more) => [[SKIN, disc(16, 16, 14)], ...more];
const eyes = [DARK, disc(11, 13, 2) + disc(21, 13, 2)];
const STAR = "M16 2l4 9.500 10 .9-7.600 6.700 2.300 9.900-8.700-5.300-8.700 5.300 2.300-9.900L2 12.400l10-.9z";
const HEART = "M16 28.500C4 20 2.500 14 4 9.500c2-5 9-5 12 .5 3-5.500 10-5.500 12-.5 1.500 4.500 0 10.500-12 19z";
const heart = (x, y, size) => `M${x} ${y + size}c${-size} ${-size * .7} ${-size} ${-size * 1.600} 0 ${-size * 1.100}c${size} ${-size * .5} ${size} ${size * .4} 0 ${size * 1.100}z`;

/** Each emoji as layers of a colour and a path, the lowest first, in a square of 32. */
const ART = {
  "👍": [["#3b6fd1", box(3, 14, 6, 15)], [SKIN, "M10 15l6-12c3.500 0 4.500 2.500 3.500 5.500L18.500 13H26c2.500 0 3.500 2 2.800 4.200l-3 9C25.200 28 24 29 22 29H10z"]],
  "👎": [["#3b6fd1", box(3, 3, 6, 15)], [SKIN, "M10 17l6 12c3.500 0 4.500-2.500 3.500-5.500L18.500 19H26c2.500 0 3.500-2 2.800-4.200l-3-9C25.200 4 24 3 22 3H10z"]],
  "❤": [[RED, HEART]],
  "💔": [[RED, HEART], ["#ffffff", "M15 9l3 5-4 4 3 5-1 4-3-5 3-4-3-4z"]],
  "🔥": [["#f4682a", "M16 1.500c1.500 7 9.500 9 9.500 17.500a9.500 10.500 0 0 1-19 0c0-4.500 2.500-6.500 3.500-9.500 1.500 1.500 2 3 2 4.500 3-3 4.500-7 4-12.500z"], ["#ffd166", "M16 15c.5 4 4.500 5 4.500 9.500a4.500 5 0 0 1-9 0c0-3.500 3.500-5 4.500-9.500z"]],
  "😁": face(eyes, ["#ffffff", "M8 17h16a8 8 0 0 1-16 0z"], [DARK, "M8.500 20.300h15l-.6 1.300H9.100z"]),
  "😀": face(eyes, [DARK, "M8 17h16a8 8 0 0 1-16 0z"], [RED, "M11.500 23.500a5 4 0 0 1 9 0 8 8 0 0 1-9 0z"]),
  "🙂": face(eyes, [DARK, "M9 18c2 6 12 6 14 0l-1.500-.8c-2 4.500-9 4.500-11 0z"]),
  "😂": face([DARK, "M8 13.500c1-3 5-3 6 0l-1.200.6c-.8-1.800-2.800-1.800-3.600 0zM18 13.500c1-3 5-3 6 0l-1.200.6c-.8-1.800-2.800-1.800-3.600 0z"], [DARK, "M8 17h16a8 8 0 0 1-16 0z"], ["#56a8e8", disc(6, 18, 2.800) + disc(26, 18, 2.800)]),
  "😍": face([RED, heart(10, 11, 5) + heart(22, 11, 5)], [DARK, "M9 18h14a7 7 0 0 1-14 0z"]),
  "😢": face(eyes, [DARK, "M10 25c2-5 10-5 12 0l-1.500.6c-2-3.500-7-3.500-9 0z"], ["#56a8e8", "M10 16c1.500 3 3 4.500 3 6.500a3 3 0 0 1-6 0c0-2 1.500-3.500 3-6.500z"]),
  "😮": face(eyes, [DARK, disc(16, 22, 4)]),
  "😎": face(["#222222", "M5 10h22l-1 6a3 3 0 0 1-3 3h-3a3 3 0 0 1-3-3l-1-2-1 2a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3z"], [DARK, "M10 22c2 3.500 10 3.500 12 0l-1.200-.8c-2 2-7.600 2-9.600 0z"]),
  "🎉": [["#f2b134", "M4 28.500L11.500 9 23 20.500z"], ["#e2574c", "M6.500 22l6 4-4 1.300-3-3z"], ["#4f9dde", disc(20, 6, 2) + disc(28, 14, 1.800)], ["#5fb878", disc(25, 8, 1.700) + disc(15, 4, 1.500)], ["#c86bd6", disc(27, 20, 1.800) + disc(21, 12, 1.600)]],
  "👀": [["#dfe3ea", disc(10, 16, 7) + disc(22, 16, 7)], [DARK, disc(12, 17, 3.500) + disc(24, 17, 3.500)]],
  "✅": [["#2f9e5a", box(3, 3, 26, 26, 5)], ["#ffffff", "M13.500 23.500L7 17l2.500-2.500 4 4L23 8.500l2.500 2.500z"]],
  "❌": [[RED, "M6.500 3.500L16 13l9.500-9.500 3 3L19 16l9.500 9.500-3 3L16 19l-9.500 9.500-3-3L13 16 3.500 6.500z"]],
  "⭐": [["#f5b82e", STAR]],
  "⚠": [["#f5b82e", "M16 3l14 25H2z"], [DARK, `M14.500 11h3l-.6 9h-1.800z${disc(16, 24, 1.700)}`]],
  "🎲": [["#dfe3ea", box(3, 3, 26, 26, 6)], [RED, [[9, 9], [23, 9], [16, 16], [9, 23], [23, 23]].map(([x, y]) => disc(x, y, 2.500)).join("")]],
  "🎯": [[RED, disc(16, 16, 14)], ["#ffffff", disc(16, 16, 10)], [RED, disc(16, 16, 6)], ["#ffffff", disc(16, 16, 2)]],
  "🏀": [["#e57f31", disc(16, 16, 14)], ["#5b2f12", "M15.300 2h1.400v28h-1.400zM2 15.300h28v1.400H2zM6 6c6 6 6 14 0 20l1.200.8c6-6.500 6-15 0-21.600zM26 6c-6 6-6 14 0 20l-1.200.8c-6-6.500-6-15 0-21.600z"]],
  "⚽": [["#dfe3ea", disc(16, 16, 14)], ["#2b2f38", "M16 10l6 4.300-2.300 7h-7.400L10 14.300zM13 2.500h6L16 6zM2.500 14l4-4 .8 5-3.300 4zM29.500 14l-4-4-.8 5 3.300 4zM8 27l1-5 4 5-2 2zM24 27l-1-5-4 5 2 2z"]],
  "🎳": [["#dfe3ea", "M20 2c3 0 4 3 3 6-1 2.500 3.500 7 3.500 13 0 5-2 9-3 9h-7c-1 0-3-4-3-9 0-6 4.500-10.500 3.500-13-1-3 0-6 3-6z"], [RED, "M17.400 8h5.200l.4 2h-6z"], ["#2f4aa5", disc(9, 23, 7)], ["#ffffff", disc(8, 20, 1) + disc(11, 20, 1)]],
  "🎰": [["#b8323f", box(2, 4, 25, 25, 4)], ["#ffffff", box(5, 10, 5.500, 11, 1) + box(12, 10, 5.500, 11, 1) + box(19, 10, 5.500, 11, 1)], [RED, "M6 12h4l-2 7H6.500L8 13.500H6zM13 12h4l-2 7h-1.500l1.500-5.500h-2zM20 12h4l-2 7h-1.500l1.500-5.500h-2z"], ["#f5b82e", disc(29, 9, 2.500) + box(28.200, 10, 1.600, 10, .8)]],
  "🎁": [["#4f9dde", box(4, 12, 24, 17)], [RED, "M14 9h4v20h-4zM3 9h26v5H3z"], [RED, "M16 9C8 9 8 2 12 3c2.500.6 4 6 4 6s1.500-5.400 4-6c4-1 4 6-4 6z"]],
  "🍕": [["#f5c451", "M3 7c8-5 18-5 26 0L16 30z"], ["#c77b30", "M3 7c8-5 18-5 26 0l-1.700 3c-7-4.300-15.600-4.300-22.600 0z"], [RED, disc(12, 14, 2.500) + disc(20, 14, 2.500) + disc(16, 21, 2.300)]],
  "☕": [["#dfe3ea", "M4 12h20v9a7 7 0 0 1-7 7h-6a7 7 0 0 1-7-7zM24 14h2a4 4 0 0 1 0 9h-3l.8-2.500h2a1.800 1.800 0 0 0 0-4H24z"], ["#6b4423", "M5.500 13.500h17V16h-17z"], ["#9aa3b2", "M9 9c-2-3 2-3 0-6h2c2 3-2 3 0 6zM15 9c-2-3 2-3 0-6h2c2 3-2 3 0 6z"]],
};

export const STICKERS = ["😀", "😂", "😍", "😎", "😢", "👍", "❤", "🔥", "🎉", "🍕", "☕", "🎁"];

/** Whether the system draws an emoji in colour by itself. */
function hasFont() {
  const canvas = Object.assign(document.createElement("canvas"), { width: 20, height: 20 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "16px sans-serif";
  pen.fillText("😀", 0, 16);
  const { data } = pen.getImageData(0, 0, 20, 20);
  return data.some((value, at) => at % 4 !== 3 && value > 0);
}

const isDrawnBySystem = hasFont();
const KNOWN = new RegExp(`(${Object.keys(ART).join("|")})\uFE0F?`, "u");

function picture(emoji) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [fill, d] of ART[emoji]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("fill", fill);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return h("span", { class: "emoji" }, svg, h("span", { class: "sr" }, emoji)); // the text is read aloud, and copied
}

/** One emoji as a node, or as text where the system can draw it; `isAlways` wants the picture all the same. */
export function pictured(emoji, isAlways = false) {
  const name = emoji.replace("\uFE0F", "");
  return ART[name] && (isAlways || !isDrawnBySystem) ? picture(name) : emoji;
}

/** A text as nodes, in which emoji that the system cannot draw are pictures. */
export function emojied(text) {
  if (isDrawnBySystem || !KNOWN.test(text)) return [text];
  return text.split(KNOWN).filter(Boolean).map((part) => (ART[part] ? picture(part) : part));
}

/** An emoji as the bytes of a picture. */
export function painted(emoji, size) {
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const pen = canvas.getContext("2d");
  pen.scale(size / SIZE, size / SIZE);
  for (const [fill, d] of ART[emoji]) {
    pen.fillStyle = fill;
    pen.fill(new Path2D(d));
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/webp"));
}
