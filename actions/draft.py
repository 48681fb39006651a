"""The complaint as told so far, kept in rasa's slot `draft` until it is opened.

It knows what is still missing and matters for this case; it asks nothing twice that was already said.
"""

import re
from datetime import date
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict
from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.turn import CustomerTurn
from bot.complaints.casework import Draft, SignalShown, StatedFact, Statement
from bot.complaints.funnel import History, decide_tier, funnel_policy
from bot.complaints.labels import Cause, Emotion, Kind, Language, Product, Signal, Tier

Question = Literal["story", "outlet", "occurred", "amount", "wish", "phone", "confirmed"]
QUESTIONS: tuple[Question, ...] = ("story", "outlet", "occurred", "amount", "wish", "phone", "confirmed")

ASK_AT_MOST = 2
"""A question that was not answered after this many times is let go."""

AT_AN_OUTLET = frozenset(
    {
        Product.COUNTER_SERVICE,
        Product.SELF_SERVICE,
        Product.SAVINGS,
        Product.WEALTH_MANAGEMENT,
        Product.AGENCY_SALES,
        Product.FOREIGN_EXCHANGE_AND_METALS,
        Product.PERSONAL_LOAN,
        Product.BUSINESS_LOAN,
    }
)
"""Products whose troubles have a place. For the others it is asked for only if the cause is how people were treated."""

PLACELESS_CAUSES = frozenset({Cause.PRICING, Cause.DEBT_COLLECTION, Cause.INFORMATION_SAFETY})
"""Causes that come from no place, whatever the product."""

WITHOUT_A_DAY = frozenset(
    {
        Cause.CONTRACT_TERMS,
        Cause.PRODUCT_RETURN,
        Cause.RULES_AND_PROCESS,
        Cause.PRICING,
        Cause.FREE_CHOICE,
        Cause.DISCLOSURE,
    }
)
"""Causes that last, so that one day says little."""

ABOUT_MONEY = frozenset({Cause.FUNDS_SAFETY, Cause.PRICING, Cause.PRODUCT_RETURN})
"""Causes for which the amount matters."""

WISH_WORDS = re.compile(
    r"要求|希望|请你们|请帮|想让你们|必须给我|退给我|退钱|解冻|解开|赶快|赶紧|删了|取消掉|退款|退还|把钱退|赔我|赔偿|还我|还给我|给我(?:查|办|改|撤|删|取|补|换|处理)|道歉|给个说法|给我个说法|解释清楚|恢复|"
    r"\b(?:refund|I want|I'd like|please (?:fix|return|unfreeze|unblock|cancel|correct)|apolog)",
    re.IGNORECASE,
)
"""Words by which a story already says what the customer wants."""

STRENGTH = (Emotion.CALM, Emotion.ANXIOUS, Emotion.AGGRIEVED, Emotion.ANGRY, Emotion.DESPERATE)


class DraftFact(BaseModel):
    """A fact in the customer's words."""

    text: str
    amount_fen: int | None = None
    currency: str | None = None
    day: date | None = None


class ComplaintDraft(BaseModel):
    """The complaint as told so far.

    Attributes:
        skipped: questions that the customer does not want to answer, or that were let go.
        asked: how often each question was asked.
        is_being_corrected: whether we have asked what is wrong with the summary.
        empathised_with: names of the troubles for which empathy was shown.
        outcome: what the form ended with: `ready` to be opened, or `added` to an earlier complaint.
    """

    model_config = ConfigDict(extra="forbid")

    story: list[str] = []
    product: Product | None = None
    cause: Cause | None = None
    emotion: Emotion | None = None
    certainty: float = 0.0
    signals: list[tuple[Signal, tuple[int, int, str]]] = []
    tier_probabilities: dict[Tier, float] = {}
    facts: dict[str, DraftFact] = {}
    outlet_code: str | None = None
    skipped: list[str] = []
    asked: dict[str, int] = {}
    is_being_corrected: bool = False
    empathised_with: list[str] = []
    outcome: Literal["open", "ready", "added"] = "open"

    @classmethod
    def of(cls, tracker: Tracker) -> Self:
        """The draft in the tracker, or an empty one."""
        return cls.model_validate(tracker.get_slot("draft") or {})

    def as_event(self) -> Any:
        """The event that keeps this draft."""
        return SlotSet("draft", self.model_dump(mode="json", exclude_defaults=True))

    @property
    def text(self) -> str:
        """The story, as told in one or many messages."""
        return "\n".join(self.story)

    def hear_story(self, turn: CustomerTurn) -> None:
        """Take a message as a part of the story."""
        self.story.append(turn.text.strip())
        self.hear_facts(turn)
        if "wish" not in self.facts and WISH_WORDS.search(turn.text):
            self.skipped.append("wish")  # the story itself says it
        if turn.kind is not Kind.COMPLAINT and self.product is not None:
            return
        statement = turn.statement
        certainty = min(turn.confidence.get("product", 0.0), turn.confidence.get("kind", 0.0)) * min(len(turn.text), 40)
        if certainty >= self.certainty:
            self.product, self.cause, self.certainty = statement.product, statement.cause, certainty
        self.emotion = max((self.emotion, statement.emotion), key=lambda e: STRENGTH.index(e) if e else -1)
        if _severity(statement.tier_probabilities) >= _severity(self.tier_probabilities):
            self.tier_probabilities = dict(statement.tier_probabilities)

    def hear_facts(self, turn: CustomerTurn) -> bool:
        """Take the facts and signals that a message states; the newest of a kind counts.

        Returns:
            Whether there was a fact in it.
        """
        for stated in turn.statement.facts:
            self.facts[stated.name] = DraftFact(
                text=stated.text, amount_fen=stated.amount_fen, currency=stated.currency, day=stated.day
            )
            if stated.name == "outlet":
                self.outlet_code = turn.outlet_code
        known = {name for name, _ in self.signals}
        self.signals += [(s.name, s.words) for s in turn.statement.signals if s.name not in known]
        return turn.states_something

    def hear_words(self, question: Question, text: str) -> None:
        """Take a whole message as the answer to a question."""
        self.facts[question] = DraftFact(text=text.strip())

    def hear_wish(self, text: str) -> bool:
        """Take what the customer wants, which comes whatever was asked.

        Returns:
            Whether it was not known yet.
        """
        is_new = "wish" not in self.facts
        self.facts.setdefault("wish", DraftFact(text=text))
        return is_new

    def skip(self, question: Question) -> None:
        """Ask this no more."""
        self.skipped.append(question)

    def next_question(self) -> Question | None:
        """What is missing and matters, in the order of a conversation; none once the summary was confirmed."""
        for question in QUESTIONS:
            if question in self.skipped or not self._matters(question) or self._is_answered(question):
                continue
            if question not in ("story", "confirmed") and self.asked.get(question, 0) >= ASK_AT_MOST:
                continue
            return question
        return None

    def _is_answered(self, question: Question) -> bool:
        return bool(self.story) if question == "story" else question in self.facts

    def _matters(self, question: Question) -> bool:
        if question == "outlet":
            return self._has_a_place()
        if question == "occurred":
            return self.cause not in WITHOUT_A_DAY
        if question == "amount":
            return self.cause in ABOUT_MONEY
        return True

    def _has_a_place(self) -> bool:
        if self.cause is Cause.SERVICE_ATTITUDE:
            return True
        if self.product is Product.DEBIT_CARD:
            return self.cause in (Cause.SYSTEMS_AND_EQUIPMENT, Cause.RULES_AND_PROCESS)
        return self.product in AT_AN_OUTLET and self.cause not in PLACELESS_CAUSES

    def statement(self) -> Statement:
        """All that was understood so far."""
        return Statement(
            product=self.product,
            cause=self.cause,
            emotion=self.emotion,
            signals=tuple(SignalShown(name, words) for name, words in self.signals),
            tier_probabilities=self.tier_probabilities,
            facts=tuple(
                StatedFact(name, fact.text, fact.amount_fen, fact.currency, fact.day)
                for name, fact in self.facts.items()
            ),
        )

    def tier(self) -> Tier:
        """Where the funnel would put it now, before the customer's history is looked up."""
        return decide_tier(self.statement().evidence(), History(), funnel_policy()).tier

    def for_casework(self, turn: CustomerTurn, language: Language) -> Draft:
        """The draft as `bot.complaints.casework` opens it."""
        return Draft(
            conversation_id=turn.conversation_id,
            turn_id=turn.turn_id,
            language=language,
            story=self.text,
            statement=self.statement(),
            outlet_code=self.outlet_code,
        )


def _severity(probabilities: dict[Tier, float] | Any) -> float:
    return float(2 * probabilities.get(Tier.URGENT, 0.0) + probabilities.get(Tier.COMPLEX, 0.0))
