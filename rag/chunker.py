"""Articles cut into passages: windows of whole sentences that overlap a little.

The title is embedded along with each passage and counted, but never part of it: it cannot be quoted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from rag.text import Seam, seam, sentences, strip
from rag.types import Article, Passage

TokenSpans: TypeAlias = Callable[[str], list[tuple[int, int]]]

TITLE_CHARACTERS: Final = 120
LONGEST_TOKEN: Final = 64


class SentenceChunker:
    """Windows of whole sentences, as even in length as they can be without becoming more.

    Neighbours share the sentences whose tokens come nearest to ``overlap``, which counts as a quarter of
    ``max_tokens`` at most. The limit holds for passage and title together; however long the title, it takes
    no more than a quarter. A sentence over the limit is cut between words if it has any, then between
    letters, into pieces that overlap. The article is tokenised once; characters without a token count from
    `LONGEST_TOKEN` in a row on.
    """

    def __init__(self, token_spans: TokenSpans, *, max_tokens: int = 192, overlap: int = 32) -> None:
        if max_tokens < 1 or overlap < 0:
            raise ValueError("max_tokens must be positive and overlap must not be negative")
        self._token_spans = token_spans
        self._max_tokens = max_tokens
        self._overlap = min(overlap, max_tokens // 4)

    @property
    def fingerprint(self) -> str:
        """Names the rule and its settings."""
        return f"sentences-1/{self._max_tokens}/{self._overlap}"

    def chunk(self, article: Article) -> list[Passage]:
        """Passages in reading order, each starting and ending further on than the one before."""
        text = article.text
        title_tokens = len(self._token_spans(_headline(article.title)))
        limit = self._max_tokens - min(title_tokens, self._max_tokens // 4)
        starts = _unit_starts(text, self._token_spans(text))
        spans: list[tuple[int, int]] = []
        run: list[tuple[int, int]] = []
        costs: list[int] = []
        for start, end in sentences(text, language=article.language or "en"):
            cost = _units(starts, start, end)
            if cost <= limit:
                run.append((start, end))
                costs.append(cost)
                continue
            spans.extend(_joined(run, costs, limit=limit, overlap=self._overlap))
            spans.extend(self._pieces(text, starts, start=start, end=end, limit=limit))
            run, costs = [], []
        spans.extend(_joined(run, costs, limit=limit, overlap=self._overlap))
        return [Passage(article_id=article.id, start=start, end=end, text=text[start:end]) for start, end in spans]

    def embedded_text(self, article: Article, passage: Passage) -> str:
        """What the embedder sees of a passage: the start of the title, on its own line, and the passage."""
        return _headline(article.title) + passage.text

    def _pieces(self, text: str, starts: list[int], *, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
        """A sentence over the limit, cut into overlapping pieces of like length.

        A piece that starts inside a word may have more tokens than it had in the text, so each is counted
        again.
        """
        overlap = min(self._overlap, limit // 8)
        at = done = start
        while (done := strip(text, done, end)[0]) < end:
            size = _share(_units(starts, at, end), limit=limit, overlap=overlap)
            cut = _cut(text, starts, at=at, beyond=done, end=end, size=size)
            while cut and size > 1 and len(self._token_spans(text[at:cut])) > limit:
                size = size * 3 // 4
                cut = _cut(text, starts, at=at, beyond=done, end=end, size=size)
            if cut is None:
                at = done
                continue
            yield strip(text, at, cut)
            at, done = _overlap_start(text, starts, at=at, cut=cut, overlap=overlap), cut


def _headline(title: str) -> str:
    """The title, or as many of its words as fit `TITLE_CHARACTERS`, as a line; nothing if there is none."""
    if len(title) > TITLE_CHARACTERS:
        title = title[: TITLE_CHARACTERS + 1].rpartition(" ")[0] or title[:TITLE_CHARACTERS]
    return f"{title}\n" if title else ""


def _unit_starts(text: str, spans: Sequence[tuple[int, int]]) -> list[int]:
    """Where each token starts, in order; where several start, the place stands several times.

    In a stretch of more than `LONGEST_TOKEN` characters without a start (a word that the vocabulary does not
    know, signs that the tokenizer drops, blanks) each character counts, so that no passage grows without bound.
    """
    starts: list[int] = []
    previous = -1
    for token_start, _ in spans:
        start = max(token_start, previous)
        while start < len(text) and text[start].isspace():
            start += 1
        if start - previous > LONGEST_TOKEN:
            starts.extend(range(previous + 1, start))
        starts.append(start)
        previous = start
    if len(text) - previous > LONGEST_TOKEN:
        starts.extend(range(previous + 1, len(text)))
    return starts


def _units(starts: list[int], start: int, end: int) -> int:
    """Tokens in a span; signs without a token at its start count as one."""
    first = bisect_left(starts, start)
    loose = first == len(starts) or starts[first] != start
    return bisect_left(starts, end) - first + loose


def _joined(
    run: Sequence[tuple[int, int]], costs: Sequence[int], *, limit: int, overlap: int
) -> Iterator[tuple[int, int]]:
    """The windows over a run of sentences: the smallest limit that needs no more of them than the given one.

    It stays large enough for any sentence and the overlap before it.
    """
    windows = _windows(costs, limit=limit, overlap=overlap)
    low, high = max(costs, default=limit) + overlap, limit
    while low < high and len(windows) > 1:
        middle = (low + high) // 2
        tighter = _windows(costs, limit=middle, overlap=overlap)
        if len(tighter) <= len(windows):
            windows, high = tighter, middle
        else:
            low = middle + 1
    return ((run[first][0], run[last - 1][1]) for first, last in windows)


def _windows(costs: Sequence[int], *, limit: int, overlap: int) -> list[tuple[int, int]]:
    """Index ranges that cover all costs in order, each taking as many as the limit allows; no cost exceeds it."""
    windows: list[tuple[int, int]] = []
    first = last = 0
    while last < len(costs):
        total = sum(costs[first:last])
        while total + costs[last] > limit:
            total -= costs[first]
            first += 1
        while last < len(costs) and total + costs[last] <= limit:
            total += costs[last]
            last += 1
        windows.append((first, last))
        first = _carried(costs, first, last, overlap)
    return windows


def _carried(costs: Sequence[int], first: int, last: int, overlap: int) -> int:
    """Where the next window starts: after ``first``, the costs up to ``last`` as near to the overlap as can be."""
    start, total = last, 0
    while start - 1 > first and abs(total + costs[start - 1] - overlap) < abs(total - overlap):
        start -= 1
        total += costs[start]
    return start


def _share(units: int, *, limit: int, overlap: int) -> int:
    """Length of the next piece when what is left is cut evenly."""
    if units <= limit:
        return units
    pieces = -(-(units - overlap) // (limit - overlap))
    return -(-(units + (pieces - 1) * overlap) // pieces)


def _cut(text: str, starts: list[int], *, at: int, beyond: int, end: int, size: int) -> int | None:
    """The best place to end a piece that starts at ``at``: in the second half of its size and after ``beyond``.

    None if there is no such place; a piece that shares nothing with the one before always has one.
    """
    first = bisect_left(starts, at)
    if _units(starts, at, end) <= size:
        return end
    inside = first == len(starts) or starts[first] != at  # it starts inside a token, which counts too
    low = max(first + size // 2 + 1 - inside, bisect_right(starts, beyond))
    candidates = starts[low : min(first + size + 1 - inside, bisect_left(starts, end))]
    if candidates:
        return max(candidates, key=lambda place: (seam(text, place), place))
    following = bisect_right(starts, at)
    return None if at < beyond else min(end, starts[following]) if following < len(starts) else end


def _overlap_start(text: str, starts: list[int], *, at: int, cut: int, overlap: int) -> int:
    """Where the next piece starts: about ``overlap`` tokens before the cut, but after ``at``."""
    index = bisect_left(starts, cut)
    candidates = [place for place in starts[max(0, index - overlap) : index + 1 - overlap // 2] if at < place < cut]
    return max([*candidates, cut], key=lambda place: (seam(text, place) if place < len(text) else Seam.BLANK, -place))
