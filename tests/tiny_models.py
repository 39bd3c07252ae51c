"""Tiny random models of the families that readers and embedders must handle, made on the spot without a download."""

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "Iran backs Hezbollah, a Shiite militant group, officials said on Tuesday.",
    "Who backs Hezbollah? How many people were displaced? tens of thousands of residents",
    "zinc prices fell 3.5 % to $2,400 a tonne in 2024 why where what word words a b",
]
UNKNOWN = "[UNK]"


def wordpiece() -> Tokenizer:
    """As BERT, DistilBERT and ELECTRA have it: lower case, [CLS] a [SEP] b [SEP]."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=150, special_tokens=special))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def byte_level() -> Tokenizer:
    """As RoBERTa has it: bytes with their leading space, <s> a </s></s> b </s>."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return tokenizer


def sentencepiece() -> Tokenizer:
    """As DeBERTa v2 and v3 have it: pieces with a mark for the space before them, [CLS] a [SEP] b [SEP]."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer.train_from_iterator(
        CORPUS, trainers.UnigramTrainer(vocab_size=120, special_tokens=special, unk_token=UNKNOWN, show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


FAMILIES = ("bert", "roberta", "distilbert", "electra", "deberta-v2")


def question_model(folder: Path, *, family: str, positions: int = 400) -> Path:
    """A folder with a random question-answering model of the family, as transformers saves it."""
    import torch
    from transformers import AutoConfig, AutoModelForQuestionAnswering, PreTrainedTokenizerFast

    torch.manual_seed(7)
    tokenizer = {"roberta": byte_level, "deberta-v2": sentencepiece}.get(family, wordpiece)()
    roberta = family == "roberta"
    marks = ("<s>", "</s>", "<pad>", "<unk>") if roberta else ("[CLS]", "[SEP]", "[PAD]", "[UNK]")
    made: Any = PreTrainedTokenizerFast
    fast = made(
        tokenizer_object=tokenizer,
        model_max_length=positions - 2,
        **dict(zip(("cls_token", "sep_token", "pad_token", "unk_token"), marks, strict=True)),
    )
    config = AutoConfig.for_model(
        family,
        **_sizes(family),
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=positions,
        pad_token_id=int(roberta),
    )
    chosen: Any = AutoModelForQuestionAnswering
    model = chosen.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(std=0.3)
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def _sizes(family: str) -> dict[str, Any]:
    if family == "distilbert":
        return {"dim": 16, "hidden_dim": 32, "n_heads": 2, "n_layers": 2}
    sizes: dict[str, Any] = {
        "hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2,
        "type_vocab_size": 2,
    }  # fmt: skip
    if family == "roberta":
        sizes["type_vocab_size"] = 1
    if family == "electra":
        sizes["embedding_size"] = 16
    if family == "deberta-v2":
        sizes |= {
            "type_vocab_size": 0,
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
        }
    return sizes


def sentence_model(folder: Path) -> Path:
    """A folder with a random sentence-transformers model of mean pooling, 64 tokens at most."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoModelForQuestionAnswering

    if (folder / "modules.json").exists():
        return folder
    encoder = folder.with_name(f"{folder.name}-encoder")
    question_model(encoder, family="bert")
    AutoModelForQuestionAnswering.from_pretrained(encoder).bert.save_pretrained(encoder)
    body = Transformer(str(encoder), max_seq_length=64)
    model = SentenceTransformer(modules=[body, Pooling(16)], device="cpu")
    model.save_pretrained(str(folder))
    return folder
