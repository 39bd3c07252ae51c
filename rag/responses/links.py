"""Links that open the page at the quote: text fragments (https://wicg.github.io/scroll-to-text-fragment/)."""

import re
from urllib.parse import quote, urlsplit

from rag.types import Citation

# Beyond this a quote is named by its first and last words: shorter links, and it may cross paragraphs.
LONGEST_EXACT = 200
RANGE_WORDS = 5
CONTEXT_WORDS = 3

_WORD = re.compile(r"\S+")


def text_fragment_link(citation: Citation) -> str | None:
    """The article's url with a text fragment that names the quote; None without a web address.

    Browsers look for whole words, so that context that begins or ends inside a word is left out, and
    context does not reach beyond the quote's line.
    """
    url = citation.article.url
    if not url or not _is_web_address(url):
        return None
    text = citation.source
    line_start = text.rfind("\n", 0, citation.start) + 1
    line_end = text.find("\n", citation.end)
    prefix = _WORD.findall(text[line_start : citation.start])[-CONTEXT_WORDS:]
    suffix = _WORD.findall(text[citation.end : line_end if line_end >= 0 else len(text)])[:CONTEXT_WORDS]
    terms = [_encoded(term) for term in _quoted(citation.quote)]
    if prefix and text[citation.start - 1].isspace():
        terms.insert(0, f"{_encoded(' '.join(prefix))}-")
    if suffix and text[citation.end].isspace():
        terms.append(f"-{_encoded(' '.join(suffix))}")
    joint = ":~:" if "#" in url else "#:~:"
    return f"{url}{joint}text={','.join(terms)}"


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _quoted(text: str) -> list[str]:
    words = _WORD.findall(text)
    if len(words) <= 2 * RANGE_WORDS or (len(text) <= LONGEST_EXACT and "\n" not in text):
        return [" ".join(words)]
    return [" ".join(words[:RANGE_WORDS]), " ".join(words[-RANGE_WORDS:])]


def _encoded(term: str) -> str:
    return quote(term, safe="").replace("-", "%2D")
