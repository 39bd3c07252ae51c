"""A tiny BERT with random weights, and a few questions for it."""

import json
from pathlib import Path
from typing import Any

import pytest

CITIES = {
    "Lyon": ("France", "Rhone", "1312"),
    "Porto": ("Portugal", "Douro", "1096"),
    "Basel": ("Switzerland", "Rhine", "1501"),
    "Bern": ("Switzerland", "Aare", "1191"),
    "Turin": ("Italy", "Dora", "1861"),
    "Ghent": ("Belgium", "Lys", "1540"),
}


def context(city: str) -> str:
    country, river, year = CITIES[city]
    return (
        f"The city of {city} lies in {country} on the river {river}. It joined the union in {year}, after a long war."
    )


def row(city: str, kind: str) -> dict[str, Any]:
    country, river, year = CITIES[city]
    asked = {
        "country": (f"In which country does {city} lie?", country),
        "river": (f"On which river does {city} lie?", river),
        "year": (f"When did {city} join the union?", year),
    }
    question, answer = asked[kind]
    text = context(city)
    return {
        "id": f"{city}-{kind}",
        "title": city,
        "context": text,
        "question": question,
        "answers": [{"text": answer, "answer_start": text.index(answer)}],
        "is_impossible": False,
        "source": "cities",
    }


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [row(city, kind) for city in CITIES for kind in ("country", "river", "year")]


@pytest.fixture
def questions(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    path = tmp_path / "cities.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")
    return path


def tokenizer_of(tokenizer: Any) -> Any:
    from transformers import PreTrainedTokenizerFast

    names = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    made: Any = PreTrainedTokenizerFast
    return made(tokenizer_object=tokenizer, model_input_names=inputs, **names)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer BERT and a word tokenizer over the words of the questions."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.normalizers import Lowercase
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel

    texts = [context(city) for city in CITIES] + [
        row(city, kind)["question"] for city in CITIES for kind in ("country", "river", "year")
    ]
    words = sorted({word for text in texts for word, _ in BertPreTokenizer().pre_tokenize_str(text.lower())})
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer_of(tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder
