"""The page counts as the archive does: its offset functions against Python's strings."""

import random
from typing import Any

import pytest

from tests.browser.page import Page

pytestmark = pytest.mark.browser

ALPHABET = ["a", "é", "e\u0301", "🚢", "👩\u200d👩\u200d👧", "ש", "\n", "\n\n", " ", "𝔘"]
SEEDED = random.Random(20240917)  # noqa: S311 - texts, not secrets
TEXTS = ["", "a", "🚢", "🚢\n\n🚢", *("".join(SEEDED.choices(ALPHABET, k=SEEDED.randrange(1, 60))) for _ in range(200))]

CONVERT = """
const { utf16Offsets } = await import("/text.js");
return arguments[0].map(([text, offsets]) => utf16Offsets(text, offsets));
"""
MARK = """
const { markedParagraphs } = await import("/text.js");
return arguments[0].map(([text, current, others]) => markedParagraphs(text, current, others));
"""


@pytest.fixture
def loaded(page: Page) -> Page:
    page.open()
    page.wait_for("#examples li")
    return page


def run(page: Page, script: str, cases: list[list[object]]) -> list[Any]:
    found: list[Any] = page.js(f"return (async function () {{{script}}}).apply(null, arguments)", cases)
    return found


def test_offsets_are_those_of_python(loaded: Page) -> None:
    cases: list[list[object]] = [[text, [*range(len(text) + 1)][::-1]] for text in TEXTS]
    expected = [[len(text[:offset].encode("utf-16-le")) // 2 for offset in range(len(text), -1, -1)] for text in TEXTS]
    assert run(loaded, CONVERT, cases) == expected


def test_offset_beyond_the_end_is_the_end(loaded: Page) -> None:
    assert run(loaded, CONVERT, [["🚢a", [99, 0, 2]], ["abc", [99]]]) == [[3, 0, 3], [3]]


def test_large_article_is_converted_at_once(loaded: Page) -> None:
    took = loaded.js(
        """
        return (async () => {
          const { utf16Offsets } = await import("/text.js");
          const text = "🚢 the quick brown fox ".repeat(200_000);
          const began = performance.now();
          utf16Offsets(text, [4_000_000, 17, 4_399_990]);
          return performance.now() - began;
        })()
        """
    )
    assert took < 1_000


def test_pieces_are_the_text_and_marks_are_the_spans(loaded: Page) -> None:
    cases: list[list[object]] = []
    expected = []
    for text in TEXTS:
        spans = [sorted(SEEDED.sample(range(len(text) + 1), 2)) for _ in range(3)] if len(text) > 1 else []
        places: list[object] = [{"start": start, "end": end} for start, end in spans]
        cases.append([text, places[0] if places else None, places[1:]])
        kinds: list[str | None] = [None] * len(text)
        for kind, (start, end) in reversed([*zip(("current", "other", "other"), spans, strict=False)]):
            kinds[start:end] = [kind] * (end - start)
        expected.append([*zip(text, kinds, strict=True)])
    for paragraphs, wanted in zip(run(loaded, MARK, cases), expected, strict=True):
        pieces = [piece for paragraph in paragraphs for piece in paragraph]
        assert [(character, piece["kind"]) for piece in pieces for character in piece["text"]] == wanted
