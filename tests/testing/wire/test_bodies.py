"""Every way a call may travel, and calls that nobody can understand."""

import io
import logging
from contextlib import suppress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tgslices.testing import ApiError, BotAccount, BotApi, ChatView
from tgslices.testing.methods import METHODS
from tgslices.testing.wire.bodies import MAX_PARAMETERS, read_arguments


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


FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARTS = "multipart/form-data; boundary=x"
NOT_JSON = "Bad Request: can't parse JSON object"
NO_TEXT = "Bad Request: strings must be encoded in UTF-8"
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    ("content_type", "body", "description"),
    [
        (JSON, b"{", NOT_JSON),
        (JSON, b"[1]", NOT_JSON),
        (JSON, b'{"text": %b}' % DEEP, NOT_JSON),
        (JSON, b'{"text": ' * 5000, NOT_JSON),
        (JSON, b'{"chat_id": NaN}', NOT_JSON),
        (JSON, b'{"chat_id": 1e400}', NOT_JSON),
        (JSON, b'{"chat_id": %b}' % (b"9" * 5000), NOT_JSON),
        (JSON, b'{"text": "\\ud800"}', NO_TEXT),
        (JSON, b'{"reply_markup": {"\\udfff": 1}}', NO_TEXT),
        (JSON, b'{"text": "\xff"}', NO_TEXT),
        (JSON, '{"text": "x"}'.encode("utf-16"), NO_TEXT),
        (FORM, b"text=\xff", NO_TEXT),
        (FORM, b"text=%ff", NO_TEXT),
        (FORM, b"text=%ed%a0%80", NO_TEXT),
        (PARTS, b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\r\n--x--', NO_TEXT),
        (PARTS, b"--x\r\nnonsense\r\n--x--", "Bad Request: can't parse multipart form data"),
        (PARTS, b"--x\r\nA: b\r\n\r\nc\r\n--x--", "Bad Request: field name in multipart/form-data not found"),
        ("multipart/form-data", b"--x", "Bad Request: can't find boundary in the multipart Content-Type"),
        (f"{PARTS}{'x' * 70}", b"--x", "Bad Request: can't find boundary in the multipart Content-Type"),
    ],
    ids=range(19),
)
async def test_malformed_bodies_are_refused(
    api: BotApi, account: BotAccount, content_type: str, body: bytes, description: str
) -> None:
    answer = await post(api, f"/bot{account.token}/getMe", data=body, headers={"Content-Type": content_type})
    assert answer == (400, {"ok": False, "error_code": 400, "description": description})


@pytest.mark.parametrize("content_type", [FORM, JSON, PARTS])
async def test_arguments_take_a_megabyte_at_most(api: BotApi, account: BotAccount, content_type: str) -> None:
    """HttpReader.h, ``MAX_TOTAL_PARAMETERS_LENGTH``; files do not count."""
    long = b"a" * MAX_PARAMETERS
    bodies = {
        FORM: b"text=" + long,
        JSON: b'{"text": "%b"}' % long,
        PARTS: b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n%b\r\n" % (long + b"a") + b"--x--",
    }
    headers = {"Content-Type": content_type}
    answer = await post(api, f"/bot{account.token}/getMe", data=io.BytesIO(bodies[content_type]), headers=headers)
    description = "Request Entity Too Large: too many parameters"
    assert answer == (413, {"ok": False, "error_code": 413, "description": description})


@pytest.mark.parametrize(
    ("argument", "value", "description"),
    [
        ("reply_markup", "[" * 102 + "]" * 102, "Bad Request: can't parse reply keyboard markup JSON object"),
        ("reply_markup", '{"a": NaN}', "Bad Request: can't parse reply keyboard markup JSON object"),
        ("reply_markup", '{"inline_keyboard": [[{"text": "\\ud800"}]]}', NO_TEXT),
        ("reply_markup", "[]", "Bad Request: object expected as reply markup"),
        ("reply_markup", '{"keyboard": {}}', 'Bad Request: field "keyboard" must be of type Array'),
        ("reply_markup", '{"keyboard": [1]}', 'Bad Request: field "keyboard" must be an Array of Arrays'),
        (
            "reply_markup",
            '{"keyboard": [[1]]}',
            "Bad Request: can't parse keyboard button: KeyboardButton must be a String or an Object",
        ),
        (
            "reply_markup",
            '{"inline_keyboard": [[{"callback_data": "x"}]]}',
            "Bad Request: can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            "entities",
            '[{"type": "bold", "offset": "x", "length": 1}]',
            'Bad Request: can\'t parse MessageEntity: Field "offset" must be a valid Number',
        ),
        (
            "entities",
            '[{"type": "loud", "offset": 0, "length": 1}]',
            "Bad Request: can't parse MessageEntity: Unsupported type specified",
        ),
        ("text", "x" * 32_769, "Bad Request: text is too long"),
        ("chat_id", "9" * 5000, "Bad Request: chat not found"),
    ],
    ids=range(12),
)
async def test_malformed_arguments_are_refused(
    api: BotApi, account: BotAccount, chat: ChatView, argument: str, value: str, description: str
) -> None:
    data = {"chat_id": str(chat.id), "text": "x", argument: value}
    answer = await post(api, f"/bot{account.token}/sendMessage", data=data)
    assert answer == (400, {"ok": False, "error_code": 400, "description": description})
    assert chat.texts() == []


async def test_of_arguments_of_one_name_the_first_counts(api: BotApi, account: BotAccount, chat: ChatView) -> None:
    """Query.h, ``arg``; the query string is read before the body. HttpReader.cpp, ``split_header``."""
    path = f"/bot{account.token}/sendMessage?chat_id={chat.id}"
    await post(api, path, data=b'{"text": "1", "text": "2", "chat_id": 7}', headers={"Content-Type": JSON})
    await post(api, path, data=b"text=3&text=4", headers={"Content-Type": FORM})
    await post(api, f"{path}&text=5", data={"text": "6"})
    parts = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n7\r\n'
    parts += b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\n8\r\n--x--\r\n"
    await post(api, path, data=parts, headers={"Content-Type": PARTS})
    assert chat.texts() == ["1", "3", "5", "7"]


@pytest.mark.parametrize(
    ("path", "status"), [("/bot{token}/getMe?text=%ff", 400), ("/bot{token}/%ff", 404), ("/bot%ff{token}/getMe", 401)]
)
async def test_addresses_that_are_no_text(api: BotApi, account: BotAccount, path: str, status: int) -> None:
    url = URL(api.url + path.format(token=account.token), encoded=True)
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        assert (response.status, (await response.json())["error_code"]) == (status, status)


@given(
    st.text(alphabet="a=&%f;+", max_size=12) | st.just("text=\udcff"),
    st.sampled_from(
        [FORM, JSON, PARTS, "multipart/form-data; boundary=", "text/plain", "", "\udcff", f"{PARTS}\udcff"]
    ),
    st.binary(max_size=40)
    | st.text(alphabet='{}[]":,\\ud8019eN', max_size=40).map(str.encode)
    | st.text(alphabet='-x\r\n=;" a', max_size=60).map(lambda text: f'--x\r\nA: form-data; name="{text}--x--'.encode()),
)
def test_whatever_comes_is_read_or_refused(query: str, content_type: str, body: bytes) -> None:
    with suppress(ApiError):
        for text in read_arguments(query, content_type, body).values.values():
            text.encode()


async def test_an_error_of_the_emulator_itself_is_an_answer_and_stands_in_the_log(
    api: BotApi, account: BotAccount, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> object:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setitem(METHODS, "getme", ("getMe", fail))
    description = "Internal Server Error: the emulator failed; its log says what was asked, and how it failed"
    assert await post(api, f"/bot{account.token}/getMe", json={"x": 1}) == (
        500,
        {"ok": False, "error_code": 500, "description": description},
    )
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == f"bot {account.id}: getMe {{'x': 1}}: the emulator failed"
    assert "ZeroDivisionError: a mistake" in caplog.text
    assert account.token not in caplog.text
    assert await post(api, f"/bot{account.token}/getFile") == (
        400,
        {"ok": False, "error_code": 400, "description": "Bad Request: file_id not specified"},
    )


def test_multipart_keeps_files_and_binary_data() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="doc"; filename="a \xc3\xa4.txt"\r\n'
    body = head + b"Content-Type: text/plain\r\n\r\nline\r\n--not the end\r\n\r\n--b--\r\n"
    upload = read_arguments("", 'multipart/form-data; boundary="b"', body).upload("doc")
    assert upload is not None
    assert (upload.filename, upload.content_type) == ("a ä.txt", "text/plain")
    assert upload.data == b"line\r\n--not the end\r\n"
