from datetime import UTC, date, datetime

import pytest

from rag.errors import ArticleError
from rag.loaders.dates import parse_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-09-17", "2024-09-17T00:00"),
        ("20240917", "2024-09-17T00:00"),
        ("2024/9/7", "2024-09-07T00:00"),
        ("2024-09-17T10:00:00Z", "2024-09-17T10:00"),
        ("2024-09-17 10:00", "2024-09-17T10:00"),
        ("2024-09-05 10:00:00 +02:00", "2024-09-05T08:00"),
        ("2024-09-05 10:00 UTC", "2024-09-05T10:00"),
        ("Tue, 17 Sep 2024 10:00:00 +0200", "2024-09-17T08:00"),
        ("Tue, 17 Sep 2024 10:00:00 EST", "2024-09-17T15:00"),
        ("17 September 2024", "2024-09-17T00:00"),
        ("Sept 17, 2024 5:30 pm CET", "2024-09-17T16:30"),
        ("September 17, 2024, 17:30 GMT+2", "2024-09-17T15:30"),
        ("10:00 17-09-2024", "2024-09-17T10:00"),
        ("17.09.2024", "2024-09-17T00:00"),
        ("05/05/2024", "2024-05-05T00:00"),
        (1726617600, "2024-09-18T00:00"),
        (1726617600.0, "2024-09-18T00:00"),
        (date(2024, 9, 17), "2024-09-17T00:00"),
        (datetime(2024, 9, 17, 10), "2024-09-17T10:00"),  # noqa: DTZ001 - without a zone it is UTC
    ],
)
def test_a_date_is_a_moment_in_utc(value: object, expected: str) -> None:
    moment = parse_date(value)
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert moment is not None
    assert moment.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_no_date(value: object) -> None:
    assert parse_date(value) is None


@pytest.mark.parametrize("value", ["17 September", "September 2024", "Tuesday", "2024-09", "03/04/2024", "17/09/24"])
def test_a_date_with_gaps_or_two_readings(value: str) -> None:
    with pytest.raises(ArticleError, match="lacks its day, month or year, or can be read in two ways") as caught:
        parse_date(value)
    assert "2024-09-17" in caught.value.hint


@pytest.mark.parametrize("zone", ["IST", "BST", "ET", "XYZ"])
def test_an_unknown_time_zone(zone: str) -> None:
    with pytest.raises(ArticleError, match="time zone"):
        parse_date(f"17 Sept 2024 10:00 {zone}")


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2024",
        "2024-13-45",
        "17 Sep 2024 25:00",
        "17 Sep 99999999999",
        "9" * 5_000,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1726617600",
        "\x00",
        20240917,
        1726617600000,
        -1,
        10**400,
        float("nan"),
        float("inf"),
        True,
        [],
        {},
    ],
)
def test_no_sensible_date(value: object) -> None:
    with pytest.raises(ArticleError):
        parse_date(value)


def test_the_answer_does_not_depend_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        with pytest.raises(ArticleError, match="IST"):
            parse_date("17 Sept 2024 10:00 IST")
        assert parse_date("17 Sept 2024 10:00") == datetime(2024, 9, 17, 10, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()
