"""Dates as people and programs write them, to moments in UTC."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Final

from rag.errors import ArticleError

EARLIEST_YEAR: Final = 1000
LATEST_YEAR: Final = 2999
_TIMESTAMPS: Final = (100_000_000, 4_102_444_800)  # 1973 to 2099: neither 20240917 nor milliseconds
_LONGEST: Final = 100
_HINT: Final = "write it as 2024-09-17 or 2024-09-17T16:30:00+02:00"

_DEFAULTS: Final = (datetime(2000, 1, 1), datetime(2001, 2, 2))  # noqa: DTZ001 - the zone comes from the text
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\d)")
_ZERO_MERIDIAN = re.compile(r"\b(?:GMT|UTC)\s*(?=[+-]\d)", re.IGNORECASE)  # "GMT+2" is read as two hours west
_OFFSET = re.compile(r"(:\d{2}(?:\.\d+)?(?:\s*[ap]\.?m\.?)?)\s*([+-])(\d{2}:?\d{2}|\d{1,2})$", re.IGNORECASE)
_HAS_DATE_SHAPE = re.compile(r"[A-Za-z]{3}|\d\s*[/.-]\s*\d")
_ZONE_HOURS: Final = {
    "UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "JST": 9,
}  # fmt: skip


def parse_date(value: object) -> datetime | None:
    """The moment in UTC; None for None or a blank text.

    Understands ISO 8601, RFC 2822, written English dates ("17 September 2024", "Sept 17, 2024 5:30 pm CET"),
    Unix timestamps given as numbers, and `date` and `datetime` objects. A date alone is its midnight; a time
    without a zone is UTC; CST, EST and their like are those of North America, as in RFC 2822.

    Raises:
        ArticleError: no date, one that lacks its day, month or year, or one that can be read in two ways.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    moment = _moment(value)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST_YEAR < moment.year < LATEST_YEAR:
        raise ArticleError(f"the year {moment.year} cannot be right", hint=_HINT)
    return moment.astimezone(UTC)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not _TIMESTAMPS[0] <= value < _TIMESTAMPS[1]:
            raise ArticleError("a number must be a Unix timestamp in seconds", hint=_HINT)
        return datetime.fromtimestamp(value, tz=UTC)
    if not isinstance(value, str):
        raise ArticleError(f"a date cannot be a {type(value).__name__}", hint=_HINT)
    text = " ".join(value.split())
    if len(text) > _LONGEST:
        raise ArticleError("a date cannot be that long", hint=_HINT)
    text = _OFFSET.sub(_offset, _ZERO_MERIDIAN.sub("", text))
    try:
        return datetime.fromisoformat(_YEAR_FIRST.sub(_iso, text, count=1))
    except ValueError:
        return _written(text)


def _iso(match: re.Match[str]) -> str:
    return f"{match[1]}-{match[2]:0>2}-{match[3]:0>2}"


def _offset(match: re.Match[str]) -> str:
    """`` +2``, `` +0200`` and `` +02:00`` after a time as ``+02:00``, which every parser reads."""
    digits = match[3].replace(":", "")
    hours, minutes = (digits[:2], digits[2:]) if len(digits) == 4 else (digits, "00")
    return f"{match[1]}{match[2]}{hours:0>2}:{minutes}"


def _written(text: str) -> datetime:
    """A date in words or in an order that must be found out.

    The parser fills gaps from a default and guesses the order of numbers; so it is called with two defaults
    and in every order, and every reading must be the same.
    """
    from dateutil import parser

    if not _HAS_DATE_SHAPE.search(text):
        raise ArticleError(f"{text!r} is not a date", hint=_HINT)
    orders = [(False, True)] if text[:4].isdecimal() else list(product((False, True), repeat=2))
    try:
        readings = {
            parser.parse(text, default=default, dayfirst=day_first, yearfirst=year_first, tzinfos=_zone).isoformat()
            for default in _DEFAULTS
            for day_first, year_first in orders
        }
    except (ValueError, OverflowError, TypeError) as error:
        raise ArticleError(f"{text!r} is not a date", hint=_HINT) from error
    if len(readings) > 1:
        raise ArticleError(f"{text!r} lacks its day, month or year, or can be read in two ways", hint=_HINT)
    return datetime.fromisoformat(readings.pop())


def _zone(name: str | None, offset: int | None) -> timezone | None:
    if offset is not None:
        return timezone(timedelta(seconds=offset))
    if name is None:
        return None
    if name.upper() not in _ZONE_HOURS:
        raise ArticleError(f"the time zone {name!r} is not known or not unambiguous", hint=_HINT)
    return timezone(timedelta(hours=_ZONE_HOURS[name.upper()]))
