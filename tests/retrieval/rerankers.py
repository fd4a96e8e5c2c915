"""Rerankers for tests: one written by hand, and a tiny real one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.ports import Array

_WORDS = "hotel hotels cost euros what may train trains are booked early a the of for 120 . ? , x".split()


class WordReranker:
    """The share of the query's words that a text holds. Remembers what it was asked; `takes` seconds for each text."""

    def __init__(self, takes: float = 0.0) -> None:
        self.asked: list[list[str]] = []
        self.now = 0.0
        self._takes = takes

    def load(self) -> None:
        pass

    def clock(self) -> float:
        """Its own time, in seconds: it goes on only while something is scored."""
        return self.now

    def scores(self, query: str, texts: Sequence[str]) -> Array:
        self.asked.append(list(texts))
        self.now += self._takes * len(texts)
        wanted = set(_words(query))
        shares = [len(wanted & set(_words(text))) / max(1, len(wanted)) for text in texts]
        return np.asarray(shares, dtype=np.float32)


def _words(text: str) -> list[str]:
    return [word.strip(".,?") for word in text.casefold().split()]


def save_tiny_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Writes a two-layer BERT with a classifier, its weights drawn from a fixed seed, as transformers saves them."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *_WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=64,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    return folder
