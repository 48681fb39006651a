"""Empathise 共情: show that *this* trouble and *this* feeling were understood, once, whoever is at fault."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import store
from actions.draft import ComplaintDraft
from actions.turn import CustomerTurn, read_turn
from bot.complaints.casework import add_to_complaint, open_complaint, record_learn, unsettled_complaint_of
from bot.complaints.labels import Cause, Emotion, Product, Signal, Tier
from bot.complaints.learn import LearnStep
from bot.conversations.handover import call_staff, locked

INHERITANCE_WORDS = re.compile(
    r"去世|过世|走了以后|遗产|继承|遗嘱|死者|逝者|亡故|"
    r"late (?:father|mother|husband|wife)|passed away|deceased|inherit|probate",
    re.IGNORECASE,
)
CARD_SWALLOWED_WORDS = re.compile(
    r"吞.{0,3}卡|卡.{0,6}吞|卡.{0,4}(?:没|不)(?:出来|退出来|吐出来)|(?:swallow|ate|eaten|kept|retain).{0,12}card|card.{0,20}(?:swallow|eaten|stuck)",
    re.IGNORECASE,
)
QUEUE_WORDS = re.compile(r"排队|等了|窗口|叫号|排了|queue|wait(?:ed|ing)|line", re.IGNORECASE)

BY_SIGNAL: tuple[tuple[Signal, str], ...] = (
    (Signal.MONEY_LEAVING_NOW, "money_leaving"),
    (Signal.MEDICAL_NEED, "medical"),
    (Signal.FRAUD_OR_THEFT, "theft"),
    (Signal.ACCOUNT_FROZEN, "frozen"),
    (Signal.DATA_LEAK, "privacy"),
)
BY_CAUSE: dict[Cause, str] = {
    Cause.DEBT_COLLECTION: "collection",
    Cause.MARKETING: "missold",
    Cause.PRODUCT_RETURN: "missold",
    Cause.PRICING: "fees",
    Cause.INFORMATION_SAFETY: "privacy",
    Cause.FUNDS_SAFETY: "missing_money",
}
BY_PRODUCT: dict[Product, str] = {
    Product.CREDIT_REPORT: "credit_record",
    Product.PERSONAL_INFORMATION: "privacy",
    Product.SELF_SERVICE: "machine",
    Product.ELECTRONIC_BANKING: "app",
    Product.PERSONAL_LOAN: "loan",
    Product.BUSINESS_LOAN: "loan",
    Product.PAYMENT: "transfer",
    Product.AGENCY_SALES: "missold",
    Product.WEALTH_MANAGEMENT: "missold",
}


def trouble_of(draft: ComplaintDraft) -> str:
    """The trouble that the customer is in, by the name of its wording: the heaviest first."""
    signals = {name for name, _ in draft.signals}
    for signal, trouble in BY_SIGNAL:
        if signal in signals and not (signal is Signal.FRAUD_OR_THEFT and draft.cause is Cause.PRICING):
            return trouble
    if INHERITANCE_WORDS.search(draft.text):
        return "inheritance"
    if signals & {Signal.REPEAT_CONTACT, Signal.DEADLINE_MISSED, Signal.ANSWER_REJECTED}:
        return "unheard"
    if CARD_SWALLOWED_WORDS.search(draft.text):
        return "card_swallowed"
    if draft.cause is Cause.SERVICE_ATTITUDE:
        return "queue" if QUEUE_WORDS.search(draft.text) else "attitude"
    if draft.cause in BY_CAUSE:
        return BY_CAUSE[draft.cause]
    if draft.product in BY_PRODUCT:
        return BY_PRODUCT[draft.product]
    return "runaround" if draft.cause is Cause.RULES_AND_PROCESS else "general"


def empathise(dispatcher: CollectingDispatcher, draft: ComplaintDraft) -> None:
    """Say one sentence that fits the trouble and the feeling, if none was said for it yet."""
    trouble = trouble_of(draft)
    if draft.emotion is Emotion.DESPERATE and "desperate" not in draft.empathised_with:
        trouble = "desperate"
    elif draft.emotion is Emotion.CALM and draft.tier() is Tier.ORDINARY:
        trouble = "calm"
    if trouble in draft.empathised_with or (draft.empathised_with and trouble in ("calm", "general")):
        return
    draft.empathised_with.append(trouble)
    dispatcher.utter_message(response=f"utter_empathise_{trouble}")


class HelpInCrisis(Action):
    """Life first: the person, the help line, and somebody who comes, whatever step the chat was in."""

    def name(self) -> str:
        return "action_help_in_crisis"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn, draft = read_turn(tracker), ComplaintDraft.of(tracker)
        kind = _danger(turn)
        await _bring_staff(turn, draft, kind)
        dispatcher.utter_message(response=f"utter_crisis_{kind}")
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("draft", None)]


class HearInsult(Action):
    """Hear an insult as pain, and say so once only."""

    def name(self) -> str:
        return "action_hear_insult"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        spoken: list[Any] = tracker.get_slot("spoken") or []
        if "insult" in spoken:
            dispatcher.utter_message(response="utter_still_listening")
            return []
        dispatcher.utter_message(response="utter_hear_insult")
        return [SlotSet("spoken", [*spoken, "insult"])]


def _danger(turn: CustomerTurn) -> str:
    names = {shown.name for shown in turn.statement.signals}
    return "violence" if Signal.VIOLENCE in names and Signal.SELF_HARM not in names else "self_harm"


async def _bring_staff(turn: CustomerTurn, draft: ComplaintDraft, danger: str) -> None:
    """Register what was said as urgent, without a word about cases to the customer, and call staff."""
    now = store.clock()
    signal = Signal(danger)
    draft.hear_story(turn)
    if signal not in {name for name, _ in draft.signals}:
        draft.signals.append((signal, (0, len(turn.text), turn.text)))
    async with store.database().transaction() as session:
        conversation = await locked(session, turn.conversation_id)
        complaint = await unsettled_complaint_of(session, turn.conversation_id)
        if complaint is None:
            complaint = await open_complaint(session, draft.for_casework(turn, turn.language), now=now)
        else:
            await add_to_complaint(session, complaint, turn.text, draft.statement(), now=now)
        record_learn(complaint, LearnStep.LISTEN, "heard danger", by="bot", now=now)
        record_learn(complaint, LearnStep.EMPATHISE, f"utter_crisis_{danger}", by="bot", now=now)
        await call_staff(session, conversation, "crisis", now=now)
