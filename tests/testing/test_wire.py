"""Every way a call may travel, and calls that nobody can understand."""

import aiohttp
import pytest

from tgslices.testing import BotAccount, BotApi, ChatView
from tgslices.testing.wire import read_arguments


async def post(api: BotApi, path: str, **options: object) -> tuple[int, dict[str, object]]:
    async with aiohttp.ClientSession() as client, client.post(api.url + path, **options) as response:  # type: ignore[arg-type]
        return response.status, await response.json()


def form(**fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    return data


@pytest.mark.parametrize("way", ["query", "urlencoded", "json", "multipart"])
async def test_arguments_may_travel_in_four_ways(api: BotApi, account: BotAccount, chat: ChatView, way: str) -> None:
    """https://core.telegram.org/bots/api#making-requests"""
    path = f"/bot{account.token}/sendMessage"
    fields = {"chat_id": str(chat.id), "text": "Größe? 😀 & more=less"}
    options: dict[str, dict[str, object]] = {
        "query": {"params": fields},
        "urlencoded": {"data": fields},
        "json": {"json": {"chat_id": chat.id, "text": fields["text"]}},
        "multipart": {"data": form(**fields)},
    }
    status, body = await post(api, path, **options[way])
    assert (status, body["ok"]) == (200, True)
    assert chat.texts() == [fields["text"]]


async def test_get_is_as_good_as_post_and_case_does_not_matter(api: BotApi, account: BotAccount) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{api.url}/bot{account.token}/GETme") as response:
        assert (await response.json())["result"]["id"] == account.id
        assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/bot7:unknown/getMe", 401, "Unauthorized"),
        ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        ("/bot0123:abc/getMe", 401, "Unauthorized: invalid token specified"),
        ("/bot{token}/getNothing", 404, "Not Found: method not found"),
        ("/", 404, "Not Found"),
        ("/bot{token}", 404, "Not Found"),
        ("/file/bot{token}/nothing", 404, "Not Found"),
        ("/file/bot7:unknown/nothing", 401, "Unauthorized"),
    ],
)
async def test_what_nobody_understands(
    api: BotApi, account: BotAccount, path: str, status: int, description: str
) -> None:
    """`ClientManager::send` and `HttpConnection::handle`; 404 for methods: Client.cpp:12664."""
    assert await post(api, path.format(token=account.token)) == (
        status,
        {"ok": False, "error_code": status, "description": description},
    )


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense\r\n--x--"),
        ("application/x-www-form-urlencoded", b"text=\xff"),
    ],
)
async def test_malformed_bodies_are_refused(api: BotApi, account: BotAccount, content_type: str, body: bytes) -> None:
    path = f"/bot{account.token}/getMe"
    if content_type.startswith("application/x-www"):
        body = b"\xff\xfe"
    status, answer = await post(api, path, data=body, headers={"Content-Type": content_type})
    assert (status, answer["error_code"]) == (400, 400)
    assert str(answer["description"]).startswith("Bad Request: ")


def test_multipart_keeps_files_and_binary_data() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="doc"; filename="a \xc3\xa4.txt"\r\n'
    body = head + b"Content-Type: text/plain\r\n\r\nline\r\n--not the end\r\n\r\n--b--\r\n"
    upload = read_arguments("", 'multipart/form-data; boundary="b"', body).upload("doc")
    assert upload is not None
    assert (upload.filename, upload.content_type) == ("a ä.txt", "text/plain")
    assert upload.data == b"line\r\n--not the end\r\n"
