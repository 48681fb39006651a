"""What a customer's turn says, read from rasa's tracker into types."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import Any, TypeVar

from rasa_sdk import Tracker

from bot.complaints.casework import SignalShown, StatedFact, Statement
from bot.complaints.labels import Cause, Emotion, Kind, Language, Product, Signal, Tier
from bot.staff.organisation import OrganisationUnit, UnknownUnit, organisation

SILENT_ACTIONS = frozenset({"action_extract_slots", "action_listen", "action_session_start"})
"""What rasa runs beside the answers."""

L = TypeVar("L", Product, Cause, Emotion)


@dataclass(frozen=True)
class CustomerTurn:
    """One turn of the customer.

    Attributes:
        turn_id: the worker's name for the turn; a turn sent again after a crash has the same.
        answered_by: the actions that have already answered this message; a form that comes back after them only asks
            its question again.
        is_first: whether the bank has not said anything in this conversation yet.
        confidence: of the kind, product, cause, emotion and tier, by these names.
    """

    conversation_id: uuid.UUID
    turn_id: str
    text: str = field(repr=False)
    intent: str
    intent_confidence: float
    language: Language
    kind: Kind
    statement: Statement
    outlet_code: str | None
    rating: int | None
    case_number: str | None
    confidence: Mapping[str, float]
    answered_by: tuple[str, ...]
    is_first: bool

    @property
    def has_just_spoken(self) -> bool:
        """Whether nothing has answered the message yet."""
        return not self.answered_by

    def fact(self, name: str) -> StatedFact | None:
        """The fact of this name that the turn states."""
        return next((fact for fact in self.statement.facts if fact.name == name), None)

    @property
    def states_something(self) -> bool:
        """Whether the turn holds any fact at all."""
        return bool(self.statement.facts)


def read_turn(tracker: Tracker) -> CustomerTurn:
    """The customer's latest turn."""
    message: dict[str, Any] = dict(tracker.latest_message or {})
    spoken: dict[str, Any] = next((event for event in reversed(tracker.events) if event.get("event") == "user"), {})
    metadata = spoken.get("metadata") or {}
    complaint: dict[str, Any] = message.get("complaint") or {}
    entities: list[dict[str, Any]] = message.get("entities") or []
    language: Language = "en" if tracker.get_slot("language") == "en" else "zh"
    outlet_code, facts = _facts(entities, str(message.get("text") or ""), language)
    return CustomerTurn(
        conversation_id=_conversation_id(tracker.sender_id),
        turn_id=str(metadata.get("turn_id") or spoken.get("timestamp") or uuid.uuid4()),
        text=str(message.get("text") or ""),
        intent=str((message.get("intent") or {}).get("name") or "nlu_fallback"),
        intent_confidence=float((message.get("intent") or {}).get("confidence") or 0),
        language=language,
        kind=Kind(complaint.get("kind", Kind.OTHER)),
        statement=Statement(
            product=_label(Product, complaint.get("product")),
            cause=_label(Cause, complaint.get("cause")),
            emotion=_label(Emotion, complaint.get("emotion")),
            signals=tuple(
                SignalShown(Signal(signal["name"]), tuple(signal["words"])) for signal in message.get("signals") or []
            ),
            tier_probabilities={Tier(t): float(p) for t, p in (complaint.get("tier_evidence") or {}).items()},
            facts=tuple(facts),
        ),
        outlet_code=outlet_code,
        rating=_rating(entities),
        case_number=_first_value(entities, "case_number"),
        confidence=complaint.get("confidence") or {},
        answered_by=_answered_by(tracker),
        is_first=bool(metadata.get("is_first")),
    )


def _answered_by(tracker: Tracker) -> tuple[str, ...]:
    since = takewhile(lambda event: event.get("event") != "user", reversed(tracker.events))
    names = [str(event.get("name")) for event in since if event.get("event") == "action"]
    return tuple(name for name in reversed(names) if not name.endswith("_form") and name not in SILENT_ACTIONS)


def _conversation_id(sender_id: str) -> uuid.UUID:
    return uuid.UUID(sender_id)


def _label(labels: type[L], value: str | None) -> L | None:
    return labels(value) if value else None


def _first_value(entities: Iterable[dict[str, Any]], name: str) -> str | None:
    return next((str(entity["value"]) for entity in entities if entity["entity"] == name), None)


def _rating(entities: Iterable[dict[str, Any]]) -> int | None:
    value = _first_value(entities, "rating")
    return int(value) if value is not None and value.isdigit() and 1 <= int(value) <= 5 else None


def _facts(entities: Iterable[dict[str, Any]], text: str, language: Language) -> tuple[str | None, list[StatedFact]]:
    """The outlet's code, if one was named for sure, and the facts; of several amounts the largest."""
    outlet: OrganisationUnit | None = None
    facts: dict[str, StatedFact] = {}
    for entity in entities:
        name = entity["entity"]
        words = text[entity["start"] : entity["end"]]
        if name == "outlet":
            unit = _unit(str(entity["value"]))
            if unit is not None and (outlet is None or len(unit.code) > len(outlet.code)):
                outlet = unit  # «武昌徐东那个网点» names two; the code of the lower one is the longer
                facts[name] = StatedFact(name, unit.name_zh if language == "zh" else unit.name_en)
            else:
                facts.setdefault(name, StatedFact(name, words))
        elif name == "amount":
            fen = int(entity["value"])
            known = facts.get(name)
            if known is None or (known.amount_fen or 0) < fen:
                facts[name] = StatedFact(name, words, amount_fen=fen, currency=str(entity.get("currency") or "CNY"))
        elif name == "occurred" and name not in facts:
            day = entity.get("date")
            facts[name] = StatedFact(name, words, day=date.fromisoformat(day) if day else None)
        elif name == "phone":
            facts[name] = StatedFact(name, str(entity["value"]))
    return outlet.code if outlet is not None else None, list(facts.values())


def _unit(value: str) -> OrganisationUnit | None:
    try:
        return organisation().find(value)
    except UnknownUnit:
        return None  # a place that is none of our units: the customer's words say where it is
