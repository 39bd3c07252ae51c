"""Quoth: extractive question answering with proof.

    import rag
    pipeline = rag.open("index")
    result = pipeline.ask("Who backs Hezbollah?")

Every answer is a slice of an article: ``citation.article.text[citation.start:citation.end] == citation.quote``.
"""

from typing import TYPE_CHECKING

from rag.errors import (
    ArticleError,
    BusyError,
    IndexStoreError,
    InputError,
    ModelError,
    NotFoundError,
    QuestionError,
    RagError,
    SettingsError,
)
from rag.types import Answer, Article, Citation, Hit, Passage, Query, Result, Span, Turn, Where

if TYPE_CHECKING:
    from rag.bootstrap import Library, open
    from rag.pipeline import IngestReport, Pipeline, ingest
    from rag.settings import Settings

__version__ = "0.1.0"

# Names that need more than the standard library, and where they live: imported when first used.
_LATER = {
    "IngestReport": "rag.pipeline",
    "Library": "rag.bootstrap",
    "Pipeline": "rag.pipeline",
    "Settings": "rag.settings",
    "ingest": "rag.pipeline",
    "open": "rag.bootstrap",
}

__all__ = [
    "Answer",
    "Article",
    "ArticleError",
    "BusyError",
    "Citation",
    "Hit",
    "IndexStoreError",
    "IngestReport",
    "InputError",
    "Library",
    "ModelError",
    "NotFoundError",
    "Passage",
    "Pipeline",
    "Query",
    "QuestionError",
    "RagError",
    "Result",
    "Settings",
    "SettingsError",
    "Span",
    "Turn",
    "Where",
    "ingest",
    "open",
]


def __getattr__(name: str) -> object:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'rag' has no attribute {name!r}")
