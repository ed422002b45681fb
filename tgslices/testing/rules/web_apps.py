"""The data that Telegram hands to a Web App, signed with the bot's token.

Source: https://core.telegram.org/bots/webapps#webappinitdata and
https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Final
from urllib.parse import urlencode

from tgslices.testing.wire.json_text import Json

_KEY: Final = b"WebAppData"


def web_app_user(user: Json) -> Json:
    """The ``WebAppUser`` of a Bot API's ``User``, who has written to the bot."""
    names = ("id", "first_name", "last_name", "username", "language_code")
    shown: Json = {name: user[name] for name in names if name in user}
    return {**shown, "allows_write_to_pm": True}


def signed_init_data(token: str, *, query_id: str, user: Json, auth_date: int) -> str:
    """The ``initData`` of a Web App: a query string with a ``hash``; ``auth_date`` is Unix time.

    The ``signature`` for third parties is left out, as only Telegram has the key.
    """
    shown = json.dumps(web_app_user(user), ensure_ascii=False, separators=(",", ":"))
    fields = {"query_id": query_id, "user": shown, "auth_date": str(auth_date)}
    checked = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    secret = hmac.digest(_KEY, token.encode(), hashlib.sha256)
    return urlencode({**fields, "hash": hmac.new(secret, checked.encode(), hashlib.sha256).hexdigest()})
