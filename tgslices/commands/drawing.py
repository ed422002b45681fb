"""The inspector's pages as HTML that needs no script: pure functions of what is told. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import urlencode

from tgslices.commands.naming import spelled
from tgslices.commands.output import ago, length
from tgslices.model import TrackedMessage
from tgslices.storage.data_protocol import StoredData
from tgslices.storage.listing_protocol import ListedPage, ListedSession
from tgslices.storage.pending_protocol import PENDING_AGES, PendingPage

STYLE: Final = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; background: #fff; color: #1b1c1e; }
a { color: #0b57d0; }
a:visited { color: #6b3fa0; }
@media (prefers-color-scheme: dark) {
  :root { background: #16181c; color: #e8e9eb; }
  a { color: #8ab4f8; }
  a:visited { color: #c9b3f0; }
}
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; }
nav a { margin-right: 1rem; }
table { border-collapse: collapse; width: 100%; }
div.wide { overflow-x: auto; }
th, td { border-bottom: 1px solid #8886; padding: .35rem .6rem; text-align: left; vertical-align: top; }
form { display: inline-flex; flex-wrap: wrap; gap: .5rem; margin: .5rem .5rem .5rem 0; align-items: end; }
label { display: grid; font-size: .85rem; }
input, button { font: inherit; padding: .25rem .5rem; }
code { overflow-wrap: anywhere; }
p.said { border-left: .3rem solid #888; padding-left: .6rem; }
button.copies { font-size: .85rem; margin-left: .5rem; padding: 0 .4rem; }
"""

SCRIPT: Final = """\
for (const button of document.querySelectorAll("button.copies")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.value);
    button.textContent = "Copied";
    button.ariaLabel = `Copied ${button.value}`;
  });
}
"""
"""Copies the name of a session; without it there is no button to do so."""

VERBS: Final[Mapping[str, str]] = {
    "clear": "Delete its messages from Telegram",
    "forget": "Drop its entries",
    "extend": "Let it live an hour more",
    "close": "Close it",
}
"""What can be done with a session, and the word on the button."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What all pages have in common: the bot, the present, and the secret of forms, None where they only read."""

    bot_id: int
    now: datetime
    secret: str | None


def page_of_sessions(looks: Looks, page: ListedPage, count: int, asked: Mapping[str, str]) -> str:
    """Return the list of what is open."""
    rows = [
        (
            _link(it),
            ago(it.opened_at, looks.now),
            ago(it.active_at, looks.now),
            str(it.entries),
            ago(it.oldest_at, looks.now),
            _due(it, looks),
        )
        for it in page.sessions
    ]
    fields = "".join(
        f'<label>{title}<input name="{name}" value="{escape(asked.get(name, ""))}"></label>'
        for name, title in (("chat", "Chat"), ("user", "Person"), ("qualifier", "Qualifier"))
    )
    titles = ("Session", "Opened", "Active", "Entries", "Oldest", "Due in")
    form = f'<form action="/" method="get">{fields}<button>Find</button></form>'
    body = form + _table("Sessions", titles, rows) + _more("/", asked, page.after)
    return _document(looks, f"{count:,} open sessions", body)


def page_of_session(
    looks: Looks,
    name: str,
    listed: ListedSession | None,
    entries: Sequence[TrackedMessage],
    data: Mapping[str, StoredData],
    *,
    shows_data: bool,
    said: str,
) -> str:
    """Return one session: its times, its entries, and its data, whose values are masked unless asked for."""
    state = "It is not open."
    if listed is not None:
        times = f"Opened {ago(listed.opened_at, looks.now)} ago, active {ago(listed.active_at, looks.now)} ago."
        state = f"{times} {len(entries)} entries." + (f" Due in {_due(listed, looks)}." if listed.due_at else "")
    rows = [
        (
            str(it.message_id),
            str(it.chat_id),
            str(it.user_id or ""),
            escape(str(it.kind.value if it.kind else "")),
            it.direction.value,
            ago(it.date, looks.now),
        )
        for it in entries
    ]
    values = [
        (escape(it), _value(stored, shows_data), ago(stored.written_at, looks.now))
        for it, stored in sorted(data.items())
    ]
    mask = urlencode({"name": name} if shows_data else {"name": name, "data": "1"})
    shown = f'<p><a href="/session?{escape(mask)}">{"Mask" if shows_data else "Show"} the data</a></p>' if data else ""
    body = (
        (f'<p class="said" role="status">{escape(said)}</p>' if said else "")
        + f"<p>{state}{_copies(name)}</p>{_forms(looks, name)}"
        + _table("Entries", ("Message", "Chat", "Person", "Kind", "Way", "Sent"), rows)
        + (_table("Data", ("Data", "Value", "Written"), values) + shown if data else "")
    )
    return _document(looks, name, body)


def page_of_pending(looks: Looks, page: PendingPage, counts: Sequence[int]) -> str:
    """Return the deletions that are pending; ``counts``: of them all, and of each of the longer ``PENDING_AGES``."""
    rows = [
        (
            f"<code>{escape(spelled(it.key))}</code>",
            str(it.message.message_id),
            length(it.due_at - looks.now),
            ago(it.claimed_at, looks.now),
            ago(it.message.date, looks.now),
        )
        for it in page.pending
    ]
    count, *old = counts
    ages = zip(PENDING_AGES[1:], old, strict=True)
    told = " ".join(f"{number:,} of them for {length(age)} or longer." for age, number in ages if number)
    titles = ("Session", "Message", "Due in", "Pending for", "Sent")
    body = (f"<p>{told}</p>" if told else "") + _table("Pending deletions", titles, rows)
    return _document(looks, f"{count:,} pending deletions", body + _more("/pending", {}, page.after))


def page_of_error(looks: Looks, problem: str) -> str:
    """Return what went wrong."""
    return _document(looks, "That cannot be done", f"<p>{escape(problem)}</p>")


def _document(looks: Looks, title: str, body: str) -> str:
    what = "looks only" if looks.secret is None else "can change"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"><script src="/copy.js" defer></script>'
        f'<nav><a href="/">Sessions</a><a href="/pending">Pending</a> bot {looks.bot_id}, {what}</nav>'
        f"<main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def _forms(looks: Looks, name: str) -> str:
    if looks.secret is None:
        return ""
    hidden = "".join(
        f'<input type="hidden" name="{field}" value="{escape(value)}">'
        for field, value in (("name", name), ("secret", looks.secret))
    )
    return "".join(
        f'<form action="/{verb}" method="post">{hidden}<button>{words}</button></form>' for verb, words in VERBS.items()
    )


def _table(title: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{it}</th>' for it in titles)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide" role="region" aria-label="{title}" tabindex="0"><table><tr>{head}</tr>{body}</table></div>'
    )


def _link(session: ListedSession) -> str:
    name = spelled(session.key)
    return f'<a href="/session?{escape(urlencode({"name": name}))}"><code>{escape(name)}</code></a>{_copies(name)}'


def _copies(name: str) -> str:
    """Return a button that copies a name as the command takes it."""
    quoted = escape(name)
    return f'<button type="button" class="copies" value="{quoted}" aria-label="Copy {quoted}" hidden>Copy</button>'


def _more(path: str, asked: Mapping[str, str], after: str | None) -> str:
    """Return a link to the next page, if there is one."""
    if after is None:
        return ""
    return f'<p><a rel="next" href="{path}?{escape(urlencode({**asked, "after": after}))}">The next ones</a></p>'


def _due(session: ListedSession, looks: Looks) -> str:
    return "" if session.due_at is None else length(session.due_at - looks.now)


def _value(stored: StoredData, is_shown: bool) -> str:
    return f"<code>{escape(stored.text)}</code>" if is_shown else f"{len(stored.text)} characters"
