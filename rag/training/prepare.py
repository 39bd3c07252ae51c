"""From files of questions to the material that groups are drawn from."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rag.errors import InputError
from rag.training.data import Example, held_out, mixed, read_examples
from rag.training.encode import encode
from rag.training.groups import Material
from rag.training.negatives import PassageSearch, mine
from rag.training.run import TrainingRun


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run learns from, its development examples with a hard negative each, and counts for the record."""

    material: Material
    dev: list[Example]
    dev_rivals: list[str | None]
    counts: dict[str, Any]


def prepare(run: TrainingRun, tokenizer: Any) -> Prepared:
    """Read, clean, split, mine and encode all that `run` names.

    Mined negatives are kept in `out/negatives.json`, so that going on with a run does not mine again.

    Raises:
        InputError: a source cannot be read, or nothing is left to learn from.
    """
    examples, left_out = mixed(
        chain.from_iterable(map(read_examples, run.sources)), mixture=run.mixture, barred=run.barred, seed=run.seed
    )
    learnt, dev = held_out(examples, share=run.held_out, sources=run.held_out_sources, seed=0)
    if not learnt:
        raise InputError("no questions are left to learn from", hint="check the names of the sources in the mixture")
    titles: dict[str, str] = {}
    for example in learnt:
        titles[example.context] = titles.get(example.context) or example.title
    passages = [(title, text) for text, title in titles.items()]
    kept_away = {example.context for example in dev}
    found = [[text for text in example.negatives if text not in kept_away] for example in learnt]
    texts = list(dict.fromkeys([*titles, *chain.from_iterable(found)]))
    number = {text: place for place, text in enumerate(texts)}
    material = Material(
        examples=learnt,
        passages=texts,
        encoded=encode(tokenizer, texts),
        home=[number[example.context] for example in learnt],
        rivals=(),
        mixture=run.mixture,
    )
    alone = [material.share(example).stands_alone and not known for example, known in zip(learnt, found, strict=True)]
    asked = [example for example, stands in zip(learnt, alone, strict=True) if stands] + dev
    mined = iter(_mined(run, asked, passages))
    material.rivals = [
        next(mined) if stands else tuple(number[text] for text in known)
        for known, stands in zip(found, alone, strict=True)
    ]
    dev_rivals = [texts[ranked[0]] if ranked else None for ranked in mined]
    counts = {
        "learnt": len(learnt),
        "unanswerable": sum(not example.answers for example in learnt),
        "dev": len(dev),
        "passages": len(passages),
        "by_source": dict(sorted(Counter(example.source for example in learnt).items())),
        "left_out": dict(sorted(left_out.items())),
    }
    return Prepared(material, dev, dev_rivals, counts)


def _mined(run: TrainingRun, examples: list[Example], passages: list[tuple[str, str]]) -> list[tuple[int, ...]]:
    asked = json.dumps([[[e.question, e.context, e.answers] for e in examples], passages])
    known = hashlib.sha256(asked.encode()).hexdigest()
    kept = run.out / "negatives.json"
    if kept.exists():
        stored = json.loads(kept.read_text(encoding="utf-8"))
        if stored["sha256"] == known:
            return [tuple(row) for row in stored["negatives"]]
    with PassageSearch.build(run.out / "negatives.sqlite", passages=passages) as search:
        found = mine(examples, passages=passages, search=search, threads=run.threads)
    draft = kept.with_suffix(".draft")
    draft.write_text(json.dumps({"sha256": known, "negatives": found}), encoding="utf-8")
    draft.replace(kept)
    return found
