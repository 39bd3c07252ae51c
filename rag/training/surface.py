"""How text looks on the surface: joining tokenised text again, and where words are cut.

Every change of a text here keeps account of where each character went, so that an answer span
found in the old text can be carried over to the new one and checked there.
"""

import re
from dataclasses import dataclass

_JOIN = re.compile(
    r"""
      (?P<open_quote>``\ ?)                               # Penn Treebank opening quote
    | (?P<close_quote>\ ?'')                              # and closing quote
    | (?P<dash>(?<=\s)--(?=\s))                           # a dash between two words
    | (?P<before>\ +(?=[,.;:!?%)\]}]))                    # blank before closing punctuation
    | (?P<after>(?<=[(\[{$£€])\ +)                        # blank after opening punctuation
    | (?P<clitic>\ +(?=(?:'(?:s|re|ve|ll|d|m)|n't)\b))    # blank before 's, n't and the like
    """,
    re.VERBOSE,
)
_HYPHEN = re.compile(r"(?<=\w) - (?=\w)")
_PUT = {"open_quote": '"', "close_quote": '"', "dash": "\N{EN DASH}"}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text after rewriting, and where its former characters are now.

    `moved[i]` is the new offset of the former offset `i`; it has one entry more than the former
    text has characters, so that ends of spans can be looked up too.
    """

    text: str
    moved: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the former slice [start:end] is now, without blanks at either side."""
        first, last = self.moved[start], self.moved[end]
        while first < last and self.text[first].isspace():
            first += 1
        while last > first and self.text[last - 1].isspace():
            last -= 1
        return first, last


def detokenise(text: str, *, hyphens: bool = False) -> Rewritten:
    """The text as a person would type it: `XV ( played in 1981 )` gives `XV (played in 1981)`.

    Undoes what Penn Treebank style tokenisers do to English: blanks around punctuation, doubled
    backquotes, split clitics, double hyphens for dashes. With `hyphens`, ` - ` between two word
    characters is joined as well; leave it off where such a hyphen stands for a dash or a bullet.
    """
    changes = [(m.start(), m.end(), _PUT.get(m.lastgroup or "", "")) for m in _JOIN.finditer(text)]
    if hyphens:
        changes += [(m.start(), m.end(), "-") for m in _HYPHEN.finditer(text)]
    changes.sort()
    pieces: list[str] = []
    moved: list[int] = []
    done = length = 0
    for start, end, put in changes:
        if start < done:
            continue
        pieces += [text[done:start], put]
        moved += range(length, length + start - done)
        length += start - done
        moved += [length] * (end - start)
        length += len(put)
        done = end
    pieces.append(text[done:])
    moved += range(length, length + len(text) - done + 1)
    return Rewritten("".join(pieces), tuple(moved))


def cut_inside_word(text: str, start: int, end: int) -> bool:
    """Whether the slice [start:end] begins or ends in the middle of a word or number."""
    left = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    right = 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return left or right
