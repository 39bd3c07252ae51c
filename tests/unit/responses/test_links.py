from urllib.parse import unquote

import pytest

from rag.responses.links import text_fragment_link
from rag.types import Article, Citation


def link(text: str, quote: str, *, url: str | None = "https://example.org/a") -> str | None:
    start = text.index(quote)
    article = Article(id="a", title="A", text=text, url=url)
    return text_fragment_link(Citation(article=article, start=start, end=start + len(quote), quote=quote))


@pytest.mark.parametrize(
    ("text", "quote", "fragment"),
    [
        ("Iran backs it.", "Iran", "Iran,-backs%20it."),
        ("It is backed by Iran", "Iran", "is%20backed%20by-,Iran"),
        ("Says A-B, C & D today.", "A-B, C & D", "Says-,A%2DB%2C%20C%20%26%20D,-today."),
        ("the word (Iran) alone", "Iran", "Iran"),
        ("One line\nIran\nanother", "Iran", "Iran"),
        ("100% of naïve 🚢 crews", "naïve 🚢", "100%25%20of-,na%C3%AFve%20%F0%9F%9A%A2,-crews"),
    ],
)
def test_the_fragment_names_the_quote_and_whole_words_around_it(text: str, quote: str, fragment: str) -> None:
    assert link(text, quote) == f"https://example.org/a#:~:text={fragment}"


def test_a_long_quote_is_named_by_its_ends() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    made = link(text, text)
    assert made is not None
    start, end = unquote(made).partition("text=")[2].split(",")
    assert text.startswith(start)
    assert text.endswith(end)


def test_a_fragment_that_is_there_is_kept() -> None:
    assert link("Iran", "Iran", url="https://example.org/a#part") == "https://example.org/a#part:~:text=Iran"


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "file:///etc/passwd", "example.org/a", "http://[bad"])
def test_only_web_addresses_become_links(url: str | None) -> None:
    assert link("Iran", "Iran", url=url) is None
