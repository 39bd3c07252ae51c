import io
import json

import pytest

from rag.loaders import Loaded, Unreadable, jsonl, load_bytes
from rag.loaders.jsonl import LONGEST_LINE

GOOD = json.dumps({"id": "a", "title": "Bridge", "text": "It is shut.", "tags": ["x"]}).encode()


def read(data: bytes) -> list[Loaded | Unreadable]:
    return list(load_bytes("a.jsonl", data))


@pytest.mark.parametrize("data", [GOOD, b"\xef\xbb\xbf" + GOOD + b"\r\n", b"\n  \n" + GOOD + b"\n\n"])
def test_an_article_a_line(data: bytes) -> None:
    (item,) = read(data)
    assert isinstance(item, Loaded)
    assert (item.article.id, item.article.tags) == ("a", ("x",))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "is not JSON: Expecting property name"),
        (b"[1]", "must be an object, not list"),
        (b"null", "must be an object, not NoneType"),
        (b'{"id": "caf\xe9"}', "is not valid UTF-8 at byte 11"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 10_000, "is not JSON that can be read"),
        (b'{"id": "b", "title": "t"}', "text is missing"),
        (b'{"id": "b", "title": "t", "text": "x", "body": "y"}', "unknown key 'body'"),
        (b"\x00\x01", "is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_in(line: bytes, message: str) -> None:
    first, bad, last = read(GOOD + b"\n" + line + b"\n" + GOOD.replace(b'"a"', b'"c"'))
    assert [item.article.id for item in (first, last) if isinstance(item, Loaded)] == ["a", "c"]
    assert isinstance(bad, Unreadable)
    assert message in bad.error.message
    assert (bad.error.file, bad.error.line) == ("a.jsonl", 2)


def test_what_cannot_be_stored_is_counted() -> None:
    (item,) = read(b'{"id": "a", "title": "t\\u0000", "text": "x\\ud800y"}')
    assert isinstance(item, Loaded)
    assert item.cleaned == 2
    assert item.article.text == "xy"


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_a_file_without_lines(data: bytes) -> None:
    (item,) = read(data)
    assert isinstance(item, Unreadable)
    assert item.error.message == "holds no articles"


def test_a_line_over_the_bound_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 200)
    huge = b'{"text": "' + b"x" * 1_000 + b'"}\n'
    items = list(jsonl.read(io.BytesIO(GOOD + b"\n" + huge + GOOD), article_id="", origin="a.jsonl"))
    assert [item.line for item in items] == [1, 2, 3]
    assert [isinstance(item, Loaded) for item in items] == [True, False, True]
    assert LONGEST_LINE > 200
