"""The frame of a chat's reply: quotes verbatim, and no text of an article acts as markup."""

from datetime import UTC, datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.responses.chat import reply
from rag.types import Abstention, Answer, Article, Calibration, Citation, Query, Result

PARTS = [
    "a", "Zoë", "42", " ", "  ", "\n", "\n\n", "\r", "\t", "#", "# ", "- ", "1. ", "> ", "===", "---", "***", "*", "**",
    "_", "`", "```", "````", "~~~", "~~", "[", "]", "](http://evil.example)", "![x](y)", "[a]: http://evil.example\n",
    "<b>", "<!--", "<http://evil.example>", "</script>", "&lt;", "&#35;", "&", "\\", "|", "|-|-|\n", "🚢", "e\u0301",
    "\u2028", "\x85", "\u202e", "”", "“", ":", "!", "    code", "\u00a0",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PARTS), min_size=1, max_size=12).map("".join)
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
FRAME = {
    "blockquote_open", "blockquote_close", "paragraph_open", "paragraph_close", "inline", "fence", "text",
    "strong_open", "strong_close",
}  # fmt: skip


def made(*found: Answer) -> Result:
    return Result(
        query=Query(question="Who?", asked_as="Who?", top_k=1, max_answers=3, min_probability=0.0),
        answers=found,
        abstention=None if found else Abstention(code="no_span", reason="nothing could be an answer"),
        nearest=(),
        hits=(),
        timings={},
        fingerprint="f",
        calibration=Calibration(name="c", fingerprint="f", provisional=True),
    )


def answer(*citations: Citation, probability: float = 0.81) -> Answer:
    return Answer(text=citations[0].quote, probability=probability, score=1.0, citations=citations)


def citation(
    before: str, quote: str, after: str, *, number: int = 0, title: str = "T", part: Literal["text", "title"] = "text"
) -> Citation:
    whole = f"{before}{quote}{after}"
    article = Article(
        id=f"wire/{number}",
        title=whole if part == "title" else title,
        text=f"{whole}." if part == "text" else "Text.",
        source=title or None,
        published_at=datetime(2024, 5, 3, tzinfo=UTC),
    )
    start, end = len(before), len(before) + len(quote)
    return Citation(article=article, part=part, start=start, end=end, quote=quote, before=before, after=after)


CITATIONS = st.builds(
    citation,
    HOSTILE,
    HOSTILE,
    HOSTILE,
    number=st.integers(0, 3),
    title=HOSTILE | st.just(""),
    part=st.sampled_from(["text", "title"]),
)
ANSWERS = st.lists(st.lists(CITATIONS, min_size=1, max_size=5).map(lambda places: answer(*places)), max_size=3)


def tokens(content: str) -> list[Token]:
    blocks = MARKDOWN.parse(content)
    return [token for block in blocks for token in (block, *(block.children or ()))]


@given(ANSWERS)
def test_every_annotation_is_a_slice_of_the_content(found: list[Answer]) -> None:
    said = reply(made(*found), link=lambda place: place.article.id)
    assert len(said.annotations) == len(found)
    for one, annotation in zip(found, said.annotations, strict=True):
        place, best = annotation.url_citation, one.citations[0]
        assert said.content[place.start_index : place.end_index] == best.quote
        assert (place.url, place.title) == (best.article.id, best.article.title or best.article.id)
    ends = [annotation.url_citation.end_index for annotation in said.annotations]
    assert ends == sorted(ends)


@given(ANSWERS)
def test_no_text_of_an_article_acts_as_markup(found: list[Answer]) -> None:
    content = reply(made(*found), link=lambda _: "").content
    seen = tokens(content)
    assert {token.type for token in seen} <= FRAME
    quoted = [token for token in seen if token.type in {"fence", "blockquote_open"}]
    assert len(quoted) == len(found)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_a_quote_is_shown_as_it_is(before: str, quote: str, after: str) -> None:
    seen = tokens(reply(made(answer(citation(before, quote, after))), link=lambda _: "").content)
    [block] = [token for token in seen if token.type == "fence"] or [next(token for token in seen if token.children)]
    if block.type == "fence":
        assert quote.replace("\r", "\n") in block.content
    else:  # bold that does not open, as before blanks, shows its stars
        assert quote in "".join(token.content for token in block.children or ()).replace("**", "")


def test_the_frame() -> None:
    places = [
        citation("It was ", "Zoë Ångström", " [sic], at\n10:30.", number=number, title=title)
        for number, title in enumerate(["Comet *now*", "Second", "Third", "Fourth"])
    ]
    other = citation("Maybe\n", "`Ana`", "!", number=9, title="")
    said = reply(made(answer(*places), answer(other, probability=0.3)), link=lambda place: f"/{place.article.id}")
    assert said.content == (
        "> “It was **Zoë Ångström** \\[sic\\], at 10:30.”\n\n"
        "— Comet \\*now\\*, Comet \\*now\\*, 3 May 2024 (likely right, 81 %)\n\n"
        "Also in: Second, Second, 3 May 2024; Third, Third, 3 May 2024; and in 1 more\n\n"
        "Another answer:\n\n"
        "```\nMaybe\n`Ana`!\n```\n\n"
        "— wire/9, 3 May 2024 (unlikely right, 30 %)"
    )
    assert [annotation.url_citation.url for annotation in said.annotations] == ["/wire/0", "/wire/9"]


def test_silence_is_said_plainly() -> None:
    said = reply(made(), link=lambda _: pytest.fail("nothing is cited"))
    assert (said.content, said.annotations) == ("The archive does not say: nothing could be an answer.", ())
