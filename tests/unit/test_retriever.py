import pytest

from rag.retriever import FUSIONS, Fusion, min_max, reciprocal_rank
from rag.types import Match, Passage


def hits(name: str, *scored: tuple[int, float]) -> list[Match]:
    return [
        Match(passage=Passage(article_id="a", row=row, start=0, end=1, text="x"), score=score, ranks={name: rank})
        for rank, (row, score) in enumerate(scored, start=1)
    ]


def scores(fused: list[Match]) -> dict[int, float]:
    return {hit.passage.row: round(hit.score, 6) for hit in fused}


def test_min_max_stretches_each_list() -> None:
    dense, lexical = hits("dense", (1, 0.9), (2, 0.8), (3, 0.5)), hits("lexical", (3, 20.0), (4, 10.0))
    fused = min_max([dense, lexical], weights=(0.5, 0.5))
    assert scores(fused) == {1: 0.5, 3: 0.5, 2: 0.375, 4: 0.0}
    assert [hit.passage.row for hit in fused] == [1, 3, 2, 4], "ties by row"
    assert fused[1].ranks == {"dense": 3, "lexical": 1}
    assert fused[0].ranks == {"dense": 1}


def test_min_max_weighs() -> None:
    lists = [hits("dense", (1, 2.0), (2, 1.0)), hits("lexical", (2, 2.0), (1, 1.0))]
    assert [hit.passage.row for hit in min_max(lists, weights=(0.4, 0.6))] == [2, 1]
    assert scores(min_max(lists, weights=(1.0, 0.0))) == {1: 1.0, 2: 0.0}


@pytest.mark.parametrize("value", [-3.0, 0.0, 7.0])
def test_equal_scores_and_single_hits_count_in_full(value: float) -> None:
    assert scores(min_max([hits("dense", (1, value), (2, value)), []], weights=(0.5, 0.5))) == {1: 0.5, 2: 0.5}
    assert scores(min_max([hits("dense", (1, value))], weights=(1.0,))) == {1: 1.0}


def test_reciprocal_rank_looks_at_ranks_only() -> None:
    dense, lexical = hits("dense", (1, 0.9), (2, 0.1)), hits("lexical", (2, 1000.0))
    assert scores(reciprocal_rank([dense, lexical], weights=(1.0, 1.0))) == {
        2: round(1 / 62 + 1 / 61, 6),
        1: round(1 / 61, 6),
    }


@pytest.mark.parametrize("fusion", FUSIONS.values(), ids=FUSIONS)
def test_nothing_fused_is_nothing(fusion: Fusion) -> None:
    assert fusion([], weights=()) == []
    assert fusion([[], []], weights=(0.5, 0.5)) == []
    with pytest.raises(ValueError, match="zip"):
        fusion([[], []], weights=(1.0,))
