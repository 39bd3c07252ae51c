"""Markdown to plain paragraphs, by way of `markdown-it-py`'s tokens."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

_UNSEEN = re.compile(r"<!--.*?(?:-->|$)|<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph of plain text."""

    text: str
    heading: bool = False


def blocks(markdown: str) -> tuple[str, list[Block]]:
    """The front matter as written (empty if there is none) and the paragraphs with something in them.

    A list or a table is one paragraph, an item or a row a line. Links give their text, images their
    description, code itself; of raw HTML, the text between the tags.
    """
    tokens = MarkdownIt("commonmark").enable("table").use(front_matter_plugin).parse(markdown)
    front = next((token.content for token in tokens if token.type == "front_matter"), "")
    return front, [block for block in _blocks(tokens) if block.text.strip()]


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """One block for each leaf, those of a list or table gathered into one."""
    lines: list[str] = []
    row: list[str] | None = None
    nested, marker, heading = 0, "", False
    for token in tokens:
        if token.type.startswith(("bullet_list", "ordered_list", "table")):
            nested += token.nesting
        elif token.type == "list_item_open":
            marker = f"{token.info}{token.markup} " if token.info else "- "
        elif token.type == "heading_open":
            heading = not nested
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            lines.append(" | ".join(row or []))
            row = None
        elif text := _leaf(token):
            (lines if row is None else row).append(marker + text)
            marker = ""
        if lines and not nested:
            yield Block(text="\n".join(lines), heading=heading)
            lines, heading = [], False


def _leaf(token: Token) -> str:
    if token.type == "inline":
        return "".join(map(_inline, token.children or [])).strip()
    if token.type in {"fence", "code_block"}:
        return token.content.rstrip()
    if token.type == "html_block":
        return html.unescape(_TAG.sub("", _UNSEEN.sub("", token.content))).strip()
    return ""


def _inline(token: Token) -> str:
    if token.type in {"text", "code_inline", "image"}:
        return token.content
    return {"softbreak": " ", "hardbreak": "\n"}.get(token.type, "")
