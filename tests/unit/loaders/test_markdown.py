from datetime import UTC, datetime

import pytest

from rag.errors import ArticleError
from rag.loaders import Loaded, Unreadable, load_bytes
from rag.types import Article


def read(content: str) -> Article:
    (item,) = load_bytes("bridge-shut.md", content.encode())
    assert isinstance(item, Loaded), item.error
    return item.article


def refused(content: str) -> ArticleError:
    (item,) = load_bytes("bridge-shut.md", content.encode())
    assert isinstance(item, Unreadable)
    return item.error


def test_front_matter() -> None:
    article = read(
        "---\nid: 2024-09-17\ntitle: 1984\nurl: https://example.org/a\nsource: ~\nauthor: [A, B]\nlanguage: en\n"
        "date: 2024-09-17 10:00:00 +02:00\ntags: x, y\nlayout: {deep: [1, 2]}\n---\nIt is shut.\n"
    )
    assert (article.id, article.title, article.author, article.source) == ("2024-09-17", "1984", "A, B", None)
    assert article.published_at == datetime(2024, 9, 17, 8, tzinfo=UTC)
    assert (article.tags, article.text) == (("x", "y"), "It is shut.")


@pytest.mark.parametrize("front", ["", "---\n---\n", "---\n# only a comment\n---\n"])
def test_without_metadata_the_file_name_counts(front: str) -> None:
    article = read(front + "It is shut.")
    assert (article.id, article.title, article.text) == ("bridge-shut", "Bridge shut", "It is shut.")


def test_a_heading_on_top_is_the_title() -> None:
    assert (read("# No *way*\n\nIt is shut.").title, read("# No way\n\nIt is shut.").text) == ("No way", "It is shut.")
    assert read("---\ntitle: Other\n---\n# No way\n\nIt is shut.").text == "No way\n\nIt is shut."
    assert read("# Only this").text == "Only this"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("One\nline.\n\nAnd *another*.", "One line.\n\nAnd another."),
        ("Text\n\n## Heading\nMore", "Text\n\nHeading\n\nMore"),
        ("See [the *page*](https://x.org) and ![a map](m.png) or `code`.", "See the page and a map or code."),
        ("- one\n- two\n  - deep\n\nEnd", "- one\n- two\n- deep\n\nEnd"),
        ("3. one\n\n4. two", "3. one\n4. two"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("```py\nx = 1\n\ny = 2\n```", "x = 1\n\ny = 2"),
        ("> Quoted.\n>\n> Twice.", "Quoted.\n\nTwice."),
        ("<div>\n<b>Fish &amp; chips</b>\n<script>alert(1)</script>\n</div>", "Fish & chips"),
        ("A <b>bold</b> &amp; hard  \nbreak", "A bold & hard\nbreak"),
        ("Line\n<!-- unseen -->\n\nAfter", "Line \n\nAfter"),
    ],
)
def test_plain_text(markdown: str, text: str) -> None:
    assert read(markdown).text == text.replace(" \n", "\n")


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("title: 'open", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("- a list", "must be keys and values"),
        ("title: [a]", "title must be a string"),
        ("date: 03/04/2024", "two ways"),
        ("url: javascript:alert(1)", "url is not"),
        ("tags: {a: b}", "tags must be a list"),
        ("x: " + "y" * 70_000, "longer than 64 KiB"),
        ("x: " + "[" * 20_000, "is not YAML"),
        ("tags: &t [*t]", "recursive"),
    ],
)
def test_bad_front_matter(front: str, message: str) -> None:
    assert message in refused(f"---\n{front}\n---\nIt is shut.").message


def test_the_line_of_a_yaml_error_is_that_of_the_file() -> None:
    assert refused("---\ntitle: a\nsource: b: c\n---\nText").line == 3


@pytest.mark.timeout(20)
@pytest.mark.parametrize("merge", ["", "<<: "])
def test_a_bomb_of_aliases_is_not_expanded(merge: str) -> None:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{{merge or 'z: '}[{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30)]
    front = "\n".join(lines)
    assert read(f"---\n{front}\n---\nIt is shut.").text == "It is shut."


def test_yaml_tags_run_no_code() -> None:
    front = "extra: !!python/object/apply:sys.exit [1]\nsource: !!bool maybe"
    assert read(f"---\n{front}\n---\nIt is shut.").source == "maybe"
