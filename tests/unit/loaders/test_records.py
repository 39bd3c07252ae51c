from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from rag.errors import ArticleError
from rag.loaders import article_from_record
from rag.types import MAX_ID_LENGTH

RECORD: Mapping[str, object] = {"id": "a", "title": "Bridge shut", "text": "It is shut."}


def test_everything_is_kept_and_normalised() -> None:
    article = article_from_record(
        {
            "id": " cafe\u0301 ",
            "title": "Bridge\n shut",
            "text": "One.\r\nTwo.\x00",
            "url": "https://example.org/a?b=c",
            "source": "The  Courier",
            "author": "",
            "language": "EN_gb",
            "published_at": "2024-09-17T10:00:00+02:00",
            "tags": ["x", " ", "y", "x"],
        }
    )
    assert (article.id, article.title, article.text) == ("caf\u00e9", "Bridge shut", "One.\nTwo.")
    assert (article.source, article.author, article.language) == ("The Courier", None, "en-gb")
    assert article.published_at == datetime(2024, 9, 17, 8, tzinfo=UTC)
    assert article.tags == ("x", "y")


def test_null_is_as_good_as_missing() -> None:
    nulls = dict.fromkeys(("url", "source", "author", "language", "published_at", "tags"))
    assert article_from_record({**RECORD, **nulls}) == article_from_record(RECORD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": None}, "id is missing"),
        ({"id": 7}, "id must be a string, not int"),
        ({"id": " "}, "id is blank"),
        ({"id": "a\nb"}, "id holds signs"),
        ({"id": "a\ud800"}, "id holds signs"),
        ({"id": "x" * (MAX_ID_LENGTH + 1)}, "id has 513 characters"),
        ({"title": "\x00"}, "title is blank"),
        ({"text": "\n"}, "text is blank"),
        ({"text": ["a"]}, "text must be a string, not list"),
        ({"url": "javascript:alert(1)"}, "url is not"),
        ({"url": "https://a b"}, "url is not"),
        ({"source": 1}, "source must be a string"),
        ({"language": "English please"}, "language is not"),
        ({"published_at": "soon"}, "'soon' is not a date"),
        ({"tags": "a"}, "tags must be a list"),
        ({"tags": [1]}, "tags must be strings"),
        ({"body": "a"}, "unknown key 'body'"),
        ({1: "a"}, "unknown key '1'"),
    ],
)
def test_a_bad_record_names_the_key_and_the_place(change: Mapping[str, object], message: str) -> None:
    with pytest.raises(ArticleError, match=message) as caught:
        article_from_record({**RECORD, **change}, file="a.jsonl", line=3)
    assert (caught.value.file, caught.value.line) == ("a.jsonl", 3)
