"""Facts as rasa's entities: `amount`, `occurred`, `outlet`, `phone`, `case_number`, `rating`.

Each has `value` and its place in the original text. An amount has a `currency` besides, a day its ISO `date` when it can be told (by `today` in the
message's metadata, else by the clock).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional, Union

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.facts.amounts import find_amounts
from nlu.facts.days import find_days
from nlu.facts.numbers import find_case_numbers, find_phones, find_rating
from nlu.facts.outlets import Directory
from nlu.files import digest_of
from nlu.script import plain_form

DIRECTORY_FILE = "organisation.yml"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class Facts(GraphComponent, EntityExtractorMixin):
    """Adds the facts of a message to its entities; the organisation travels inside the trained model."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Where the organisation is."""
        return {"organisation": "data/organisation.yml"}

    def __init__(
        self, organisation: str, model_storage: ModelStorage, resource: Resource, clock: Callable[[], date] = date.today
    ) -> None:
        """Make the component.

        Args:
            organisation: The text of organisation.yml.
            model_storage: Where the trained model is written.
            resource: This component's place in it.
            clock: Says what day it is.
        """
        self._organisation = organisation
        self._directory = Directory.read(organisation)
        self._model_storage = model_storage
        self._resource = resource
        self._clock = clock

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> Optional[str]:
        """What the file says is part of the component: rasa's training cache must see it change."""
        return digest_of(config.get("organisation"))

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Facts:
        """Read the organisation; without the file, outlets keep the customer's words."""
        path = Path(config["organisation"])
        return cls(path.read_text("utf-8") if path.exists() else "", model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Facts:
        """Load the organisation the model was trained with."""
        with model_storage.read_from(resource) as folder:
            return cls((folder / DIRECTORY_FILE).read_text("utf-8"), model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the organisation with the model."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / DIRECTORY_FILE).write_text(self._organisation, "utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Add entities."""
        for message in messages:
            today = _today(message, self._clock)
            facts = list(self._facts(plain_form(message.get(TEXT)), message.get(TEXT), today))
            message.set(ENTITIES, message.get(ENTITIES, []) + self.add_extractor_name(facts), add_to_output=True)
        return messages

    def _facts(self, plain: str, text: str, today: date) -> Iterator[dict[str, Any]]:
        taken: list[tuple[int, int]] = []

        def entity(name: str, start: int, end: int, value: Union[str, int], **more: str) -> Iterator[dict[str, Any]]:
            # The digits of a telephone number are no amount, those of a case number no telephone.
            if not any(start < other_end and other_start < end for other_start, other_end in taken):
                taken.append((start, end))
                yield {"entity": name, "start": start, "end": end, "value": value, **more}

        for number in find_case_numbers(plain):
            yield from entity("case_number", number.start, number.end, number.value)
        for number in find_phones(plain):
            yield from entity("phone", number.start, number.end, number.value)
        for named in find_days(plain, today):
            resolved = {"date": named.day.isoformat()} if named.day else {}
            yield from entity("occurred", named.start, named.end, text[named.start : named.end], **resolved)
        for outlet in self._directory.find(plain):
            yield from entity("outlet", outlet.start, outlet.end, outlet.code or text[outlet.start : outlet.end])
        for amount in find_amounts(plain):
            yield from entity("amount", amount.start, amount.end, amount.hundredths, currency=amount.currency)
        for number in find_rating(plain):
            yield from entity("rating", number.start, number.end, int(number.value))


def _today(message: Message, clock: Callable[[], date]) -> date:
    named = (message.get("metadata") or {}).get("today")
    return date.fromisoformat(named) if named else clock()
