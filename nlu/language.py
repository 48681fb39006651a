"""The language of a message, for the words we answer with."""

from __future__ import annotations

from typing import Any, List

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.script import language_of

LANGUAGE = "language"
ANSWER_IN = {"zh": "zh", "zh-Hant": "zh", "mixed": "zh", "en": "en"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Language(GraphComponent):
    """Adds `language` to a message: zh, zh-Hant, en, mixed or None.

    The language to answer in, zh or en, is an entity besides, so that rasa's own slot mapping keeps it without a call to
    the action server. The worker knows the conversation and names it in the message's metadata.
    """

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Language:
        """Make the component."""
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `language`, and the entity of the same name."""
        for message in messages:
            language = language_of(message.get(TEXT))
            message.set(LANGUAGE, language, add_to_output=True)
            answer_in = (message.get("metadata") or {}).get(LANGUAGE) or ANSWER_IN.get(language)
            if answer_in:
                entity = {"entity": LANGUAGE, "start": 0, "end": len(message.get(TEXT)), "value": answer_in}
                message.set(ENTITIES, [*message.get(ENTITIES, []), entity], add_to_output=True)
        return messages
