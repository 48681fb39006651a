"""React 行动: register the complaint, say who settles it and by which date, bring in people where they are needed."""

from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.ext.asyncio import AsyncSession

from actions import store
from actions.apologise import apologise
from actions.draft import ComplaintDraft
from actions.empathise import empathise, trouble_of
from actions.turn import CustomerTurn, read_turn
from bot.complaints.casework import (
    open_complaint,
    record_learn,
    unsettled_complaint_of,
    withdraw,
)
from bot.complaints.deadlines import Allowance, DeadlineName, deadline_policy, say_date, say_moment
from bot.complaints.labels import Language, Product, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.handover import call_staff, locked
from bot.conversations.models import Conversation, Holder
from bot.database import notify_changed
from bot.staff.organisation import UnknownUnit, organisation
from bot.wording import wording

FIRST_STEPS = {"money_leaving": "utter_first_step_money_leaving", "medical": "utter_first_step_medical"}
"""Troubles in which the customer can do something this minute."""

ENQUIRY_BY_PRODUCT = {
    Product.CREDIT_REPORT: "credit_report",
    Product.DEBIT_CARD: "card",
    Product.CREDIT_CARD: "card",
    Product.PERSONAL_LOAN: "loan",
    Product.BUSINESS_LOAN: "loan",
    Product.PAYMENT: "transfer",
    Product.ELECTRONIC_BANKING: "digital",
    Product.WEALTH_MANAGEMENT: "investment",
    Product.AGENCY_SALES: "investment",
    Product.FOREIGN_EXCHANGE_AND_METALS: "investment",
    Product.COUNTER_SERVICE: "outlet",
    Product.SELF_SERVICE: "outlet",
}
SURE_OF_PRODUCT = 0.6
"""Below this the enquiry gets the general answer: a wrong pointer is worse than a broad one."""

ANSWERS = frozenset({DeadlineName.DECISION, DeadlineName.EXTENDED_DECISION, DeadlineName.RECHECK_DECISION})
"""Deadlines at whose end the customer has an answer."""

FORM_ENDS: list[EventType] = [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("draft", None)]


def due_date(complaint: Complaint, language: Language) -> str:
    """The date of the answer, as it is said: «12月8日（周二）»."""
    policy = deadline_policy()
    due = [d.due_at for d in complaint.running_deadlines if d.name in ANSWERS]
    return say_date((due or [complaint.opened_at])[-1].astimezone(policy.zone).date(), language)


def way_of_contact(complaint: Complaint, language: Language) -> str:
    """How the customer is first contacted."""
    return wording().say("utter_way_phone" if complaint.contact_phone else "utter_way_chat", language).text


def time_to_contact(allowance: Allowance, opened_at: datetime, language: Language) -> str:
    """Within which time the customer is first contacted: «24小时内», "within 7 working hours (no later than …)"."""
    policy, say = deadline_policy(), wording().say
    if allowance.working_hours is not None:
        due_at = allowance.ends_at(opened_at.astimezone(policy.zone), policy.office_hours)
        count, latest = f"{allowance.working_hours:g}", say_moment(due_at, language)
        return say("utter_within_working_hours", language, count=count, latest=latest).text
    name = "utter_within_an_hour" if allowance.hours == 1 else "utter_within_hours"
    return say(name, language, count=allowance.hours).text


def who_settles(tier: Tier, language: Language) -> str:
    """Who has a complaint of this tier, in words."""
    return wording().say(f"utter_who_{tier}", language).text


def outlet_name(complaint: Complaint, language: Language) -> str:
    """The outlet by its official name, or just «the outlet»."""
    if complaint.outlet_code is not None:
        try:
            unit = organisation().find(complaint.outlet_code)
        except UnknownUnit:
            pass  # the organisation has changed since
        else:
            return unit.name_zh if language == "zh" else unit.name_en
    return wording().say("utter_the_outlet", language).text


class React(Action):
    """Acts on a complaint that was told: registers it and says what happens now."""

    def name(self) -> str:
        return "action_react"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn, draft = read_turn(tracker), ComplaintDraft.of(tracker)
        if draft.outcome != "ready":
            return [SlotSet("draft", None)]
        if (first_step := FIRST_STEPS.get(trouble_of(draft))) and draft.tier() is Tier.URGENT:
            dispatcher.utter_message(response=first_step)
        if not draft.empathised_with:
            empathise(dispatcher, draft)
        apology = apologise(dispatcher, draft)
        complaint = await register(draft, turn, apology)
        language = turn.language
        dispatcher.utter_message(
            response=f"utter_react_{complaint.tier}",
            number=complaint.number,
            due=due_date(complaint, language),
            within=time_to_contact(
                deadline_policy().tiers[complaint.tier].first_contact, complaint.opened_at, language
            ),
            outlet=outlet_name(complaint, language),
            way=way_of_contact(complaint, language),
        )
        return [SlotSet("draft", None)]


async def register(draft: ComplaintDraft, turn: CustomerTurn, apology: str | None) -> Complaint:
    """Open the complaint with its LEARN record, and call staff if it is complex or urgent, in one transaction."""
    now = store.clock()
    async with store.database().transaction() as session:
        conversation = await locked(session, turn.conversation_id)
        complaint = await open_complaint(session, draft.for_casework(turn, turn.language), now=now)
        if not complaint.learn_record:
            asked = ", ".join(draft.asked) or "nothing"
            record_learn(
                complaint, LearnStep.LISTEN, f"{len(draft.story)} message(s); asked for {asked}"[:80], by="bot", now=now
            )
            for trouble in draft.empathised_with:
                record_learn(complaint, LearnStep.EMPATHISE, f"utter_empathise_{trouble}", by="bot", now=now)
            if apology is not None:
                record_learn(complaint, LearnStep.APOLOGISE, apology, by="bot", now=now)
                record_learn(complaint, LearnStep.REACT, f"utter_react_{complaint.tier}", by="bot", now=now)
        if complaint.tier > Tier.ORDINARY:
            await call_staff(session, conversation, complaint.tier.value, now=now)
        await notify_changed(session, conversation.id)
    return complaint


async def raise_and_tell(
    dispatcher: CollectingDispatcher,
    session: AsyncSession,
    complaint: Complaint,
    tier: Tier,
    turn: CustomerTurn,
    *,
    now: datetime,
) -> None:
    """Say that an addition was noted; if it raised the tier, who has it now, and call them."""
    conversation = await locked(session, turn.conversation_id)
    was_raised = len(complaint.tier_decisions) > 1 and complaint.tier_decisions[-1].decided_at == now
    if not was_raised:
        await notify_changed(session, conversation.id)
        dispatcher.utter_message(response="utter_added", number=complaint.number)
        return
    await call_staff(session, conversation, tier.value, now=now)
    record_learn(complaint, LearnStep.REACT, f"raised to {tier}", by="bot", now=now)
    if any(shown.name == "money_leaving_now" for shown in turn.statement.signals):
        dispatcher.utter_message(response=FIRST_STEPS["money_leaving"])
    dispatcher.utter_message(
        response="utter_added_and_raised",
        number=complaint.number,
        who=who_settles(tier, turn.language),
        due=due_date(complaint, turn.language),
    )


async def hand_over(tracker: Tracker, reason: str) -> tuple[Complaint | None, bool]:
    """Call staff to the chat, registering what was told so far.

    Returns:
        The complaint, if there is one, and whether staff had been called before.
    """
    turn, draft = read_turn(tracker), ComplaintDraft.of(tracker)
    complaint = await register(draft, turn, apology=None) if draft.story else None
    now = store.clock()
    async with store.database().transaction() as session:
        conversation = await locked(session, turn.conversation_id)
        was_called = conversation.holder is not Holder.BOT and conversation.handover_reason == reason
        if complaint is None:
            complaint = await unsettled_complaint_of(session, turn.conversation_id)
        await call_staff(session, conversation, reason, now=now)
    return complaint, was_called


async def waits_for_person(turn: CustomerTurn) -> bool:
    """Whether staff was called to the conversation and has not come yet."""
    async with store.database().transaction() as session:
        conversation = await session.get_one(Conversation, turn.conversation_id)
        return conversation.holder is Holder.QUEUE


class HandOver(Action):
    """A person comes when the customer asks for one."""

    def name(self) -> str:
        return "action_hand_over"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        complaint, was_called = await hand_over(tracker, "asked_for_human")
        if was_called:
            dispatcher.utter_message(response="utter_still_coming")
        elif complaint is not None:
            dispatcher.utter_message(response="utter_handed_over_with_number", number=complaint.number)
        else:
            dispatcher.utter_message(response="utter_handed_over")
        return FORM_ENDS


class AnswerEnquiry(Action):
    """An enquiry is answered or pointed on, never forced into a complaint."""

    def name(self) -> str:
        return "action_answer_enquiry"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        product = turn.statement.product
        is_sure = turn.confidence.get("product", 0.0) >= SURE_OF_PRODUCT
        topic = ENQUIRY_BY_PRODUCT.get(product, "general") if product is not None and is_sure else "general"
        dispatcher.utter_message(response=f"utter_enquiry_{topic}")
        return []


class Withdraw(Action):
    """Breaks off a complaint that is being told, or asks whether a registered one shall be withdrawn."""

    def name(self) -> str:
        return "action_withdraw"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        if tracker.active_loop_name == "complaint_form":
            dispatcher.utter_message(response="utter_form_dropped")
            return FORM_ENDS
        async with store.database().transaction() as session:
            complaint = await unsettled_complaint_of(session, turn.conversation_id)
        if complaint is None:
            dispatcher.utter_message(response="utter_nothing_to_withdraw")
            return []
        return [SlotSet("pending_number", complaint.number), ActiveLoop("withdraw_form")]


class ValidateWithdrawForm(Action):
    """Hears whether the customer really withdraws; anything but a yes keeps the complaint."""

    def name(self) -> str:
        return "validate_withdraw_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        number = str(tracker.get_slot("pending_number"))
        ends: list[Any] = [SlotSet("requested_slot", None), SlotSet("pending_number", None), ActiveLoop(None)]
        if not turn.has_just_spoken:
            if tracker.get_slot("requested_slot") is not None:
                return ends  # the customer went on to something else
            dispatcher.utter_message(response="utter_question_withdraw_confirmed", number=number)
            return [SlotSet("requested_slot", "withdraw_confirmed")]
        if turn.intent not in ("affirm", "withdraw", "deny", "skip"):
            return []
        if turn.intent in ("deny", "skip"):
            dispatcher.utter_message(response="utter_not_withdrawn", number=number)
            return ends
        now = store.clock()
        async with store.database().transaction() as session:
            complaint = await unsettled_complaint_of(session, turn.conversation_id)
            if complaint is not None and complaint.number == number:
                withdraw(session, complaint, now=now)
                record_learn(complaint, LearnStep.NOTIFY, "utter_withdrawn", by="bot", now=now)
                await notify_changed(session, turn.conversation_id)
        dispatcher.utter_message(response="utter_withdrawn", number=number)
        return ends
