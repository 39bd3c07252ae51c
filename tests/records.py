"""Records of the kind that tests need many of."""

from collections.abc import Iterable

from rag.types import Article, Hit, Passage


def hit(passage: Passage, *, rank: int = 1, title: str = "") -> Hit:
    """A hit on a passage, with an article that has the passage where it says and nothing else."""
    text = "." * passage.start + passage.text
    return Hit(passage=passage, score=0.0, article=Article(id=passage.article_id, title=title, text=text), rank=rank)


def hits(passages: Iterable[Passage]) -> list[Hit]:
    """Hits on the passages, ranked in their order."""
    return [hit(passage, rank=rank) for rank, passage in enumerate(passages, start=1)]
