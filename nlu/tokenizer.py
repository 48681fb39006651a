"""Tokens: words of Chinese, English and mixed text.

Latin words, numbers and signs are cut by their script; only runs of Han characters go to jieba, in simplified characters and with the bank's own words
(`data/nlu/lexicon/words.txt`). Positions always refer to what the customer wrote. The dictionary travels inside the trained model.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any, Iterator, List, Optional

import jieba
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.files import digest_of
from nlu.script import plain_form

SPANS = re.compile(
    r"(?P<han>[\u3400-\u4dbf\u4e00-\u9fff]+)|[^\W\d_\u3400-\u4dbf\u4e00-\u9fff]+(?:'[^\W\d_]+)?|\d+(?:[.,]\d+)*|[^\w\s]|_"
)
DICTIONARY_FILE = "words.txt"

jieba.setLogLevel(logging.WARNING)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=True)
class MixedTokenizer(Tokenizer):
    """Cuts a message into tokens whose lemma is the plain form of the word."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Where the bank's words are; rasa's own options for intents."""
        return {
            "dictionary": "data/nlu/lexicon/words.txt",
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
        }

    def __init__(self, config: dict[str, Any], words: str, model_storage: ModelStorage, resource: Resource) -> None:
        """Build jieba with the given words.

        Args:
            config: The component's configuration.
            words: The text of the dictionary, one word a line.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
        """
        super().__init__(config)
        self._words = words
        self._model_storage = model_storage
        self._resource = resource
        self._jieba = jieba.Tokenizer()
        # jieba loads what it finds in its cache as code: not from the machine's shared folder.
        cache = Path(os.environ.get("TINGSU_VAR_DIR", "var")) / "cache"
        cache.mkdir(parents=True, exist_ok=True)
        self._jieba.tmp_dir = str(cache)
        self._jieba.initialize()
        for word in words.split("\n"):
            if word.strip() and not word.startswith("#"):
                self._jieba.add_word(word.strip())

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """What the file says is part of the component: rasa's training cache must see it change."""
        return digest_of(config.get("dictionary"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MixedTokenizer:
        """Make an untrained tokenizer from the dictionary file."""
        return cls(config, Path(config["dictionary"]).read_text("utf-8"), model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MixedTokenizer:
        """Load the tokenizer with the dictionary it was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls(config, (folder / DICTIONARY_FILE).read_text("utf-8"), model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the dictionary with the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / DICTIONARY_FILE).write_text(self._words, "utf-8")
        return self._resource

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """Cut one attribute of a message into tokens."""
        text = message.get(attribute)
        plain = plain_form(text)
        return [Token(text[start:end], start, lemma=plain[start:end]) for start, end in self._spans(plain)]

    def _spans(self, plain: str) -> Iterator[tuple[int, int]]:
        for match in SPANS.finditer(plain):
            if not match["han"]:
                yield match.span()
                continue
            for _, start, end in self._jieba.tokenize(match["han"]):
                yield match.start() + start, match.start() + end
