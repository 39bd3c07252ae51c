import subprocess
import sys
from datetime import UTC, datetime

import pytest

from rag.loaders import Loaded, Unreadable, load_bytes
from rag.loaders.html import LARGEST_PAGE
from rag.types import Article

BODY = """<nav><a href="/">Home</a><a href="/news">News</a></nav><article><h1>Bridge shut</h1>
<p>Port Ansel's Kestrel Bridge will stay shut to motor traffic until 3 October after inspectors found cracks.</p>
<p>The crossing, which carries around 27,000 vehicles a day, caf\u00e9 owners say, was closed on Tuesday.</p>
<table><tr><th>Hangers</th><th>Cracked</th></tr><tr><td>120</td><td>11</td></tr></table>
<p>Repairs are expected to cost 41 million crowns, and the city will pay for them, the mayor said.</p></article>
<footer>Copyright</footer>"""
HEAD = """<meta property="og:title" content="Bridge shut"><meta property="og:site_name" content="Harbour Courier">
<meta name="author" content="Linnea Roake"><link rel="canonical" href="https://example.org/bridge">
<meta property="article:published_time" content="2025-03-06T17:20:00+01:00">"""


def page(head: str = HEAD, body: str = BODY, lang: str = "en-GB") -> str:
    return f'<!doctype html><html lang="{lang}"><head><title>Bridge shut</title>{head}</head><body>{body}</body></html>'


def one(data: bytes, name: str = "bridge-page.html") -> Loaded | Unreadable:
    (item,) = load_bytes(name, data)
    return item


def article(data: bytes) -> Article:
    item = one(data)
    assert isinstance(item, Loaded), item.error
    return item.article


def test_main_text_and_metadata() -> None:
    read = article(page().encode())
    assert (read.id, read.title, read.source) == ("bridge-page", "Bridge shut", "Harbour Courier")
    assert (read.author, read.url, read.language) == ("Linnea Roake", "https://example.org/bridge", "en-GB")
    assert read.published_at == datetime(2025, 3, 6, 16, 20, tzinfo=UTC)
    paragraphs = read.text.split("\n\n")
    assert paragraphs[0].startswith("Port Ansel")
    assert "120 | 11" in paragraphs
    assert "Copyright" not in read.text
    assert "Home" not in read.text


def test_metadata_that_makes_no_sense_is_left_out() -> None:
    head = '<meta property="article:published_time" content="soon"><link rel="canonical" href="javascript:x">'
    read = article(page(head, lang="not a language").encode())
    assert (read.url, read.language) == (None, None)


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("windows-1252", "cp1252"), ("ISO-8859-1", "cp1252"), ("utf-8", "utf-8"), ("iso-8859-1", "utf-8"), ("", "utf-8")],
)
def test_the_declared_charset(charset: str, encoding: str) -> None:
    assert "caf\u00e9 owners" in article(page(f'<meta charset="{charset}">{HEAD}').encode(encoding)).text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" ", "has no main text"),
        (b"<html></html>", "has no main text"),
        (page(body="<nav><a href=/>Home</a></nav>").encode(), "has no main text"),
        (page('<meta charset="rot13">').encode("cp1252"), "is not valid UTF-8"),
        (page('<meta charset="punycode">').encode("cp1252"), "is not valid UTF-8"),
        (bytes(range(256)) * 20, "looks like a binary file"),
        (b"<p>" + b"x" * LARGEST_PAGE, "is larger than 2 MiB"),
        (b"<div>" * 20_000, "has no main text"),
    ],
)
def test_a_page_that_cannot_be_used(data: bytes, message: str) -> None:
    item = one(data)
    assert isinstance(item, Unreadable)
    assert message in item.error.message


@pytest.mark.slow
@pytest.mark.parametrize("part", ["<p>word word. ", "<a href=x>y</a> ", "<ul><li>item. ", "text<br>", "<"])
@pytest.mark.timeout(120)
def test_a_hostile_page_ends(part: str) -> None:
    one((part * (LARGEST_PAGE // len(part))).encode())


def test_importing_the_loaders_is_light() -> None:
    heavy = "{'trafilatura', 'lxml', 'yaml', 'markdown_it', 'dateutil'}"
    code = f"import sys, rag.loaders; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
