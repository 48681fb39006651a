"""Notify 回复: how a complaint stands, whether its result is accepted, how satisfied the customer is."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.ext.asyncio import AsyncSession

from actions import store
from actions.react import due_date, who_settles
from actions.turn import CustomerTurn, read_turn
from bot.complaints import case_number
from bot.complaints.casework import (
    accept_result,
    comment_on_rating,
    complaints_of,
    find_by_number,
    rate,
    record_learn,
    reject_result,
)
from bot.complaints.labels import Language
from bot.complaints.learn import LearnStep
from bot.complaints.lifecycle import State
from bot.complaints.links import merged_into
from bot.complaints.models import Complaint
from bot.complaints.plans import accept_plan, reject_plan
from bot.conversations.handover import call_staff, locked
from bot.database import notify_changed
from bot.followups.satisfaction import DECLINED
from bot.logs import logger

SHOW_AT_MOST = 3
"""Complaints told of when the customer names none."""

PLAN_STATES = frozenset({State.PLAN_PROPOSED, State.ACCEPTED, State.REJECTED})

ENDS: list[EventType] = [SlotSet("requested_slot", None), SlotSet("pending_number", None), ActiveLoop(None)]
"""A form ends. It must set a slot of its own besides, or rasa takes the answer for none and drops it."""
log = logger(__name__)


class TellStatus(Action):
    """Tells how the customer's complaints stand; never one of another conversation."""

    def name(self) -> str:
        return "action_tell_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        number = case_number.find(turn.case_number or turn.text)
        async with store.database().transaction() as session:
            complaints = await complaints_of(session, turn.conversation_id)
            asked_for = [complaint for complaint in complaints if number in (None, complaint.number)][:SHOW_AT_MOST]
            present = {complaint.id: await merged_into(session, complaint) for complaint in asked_for}
        if number is not None and not asked_for:
            log.info("foreign_number_asked_for", conversation=str(turn.conversation_id))
            dispatcher.utter_message(response="utter_number_not_yours")
            return []
        for complaint in asked_for:
            if present[complaint.id] is not complaint:
                other = present[complaint.id].number
                dispatcher.utter_message(response="utter_status_merged", number=complaint.number, other=other)
        for complaint in {case.id: case for case in present.values()}.values():
            _tell(dispatcher, complaint, turn.language)
        if not complaints:
            is_telling = tracker.active_loop_name == "complaint_form"
            dispatcher.utter_message(response="utter_not_registered_yet" if is_telling else "utter_no_complaint_found")
        return []


def _tell(dispatcher: CollectingDispatcher, complaint: Complaint, language: Language) -> None:
    about = complaint.product.display_name(language) if complaint.product else ""
    state = complaint.state.display_name(language)
    if complaint.state.is_settled:
        dispatcher.utter_message(
            response="utter_status_settled",
            number=complaint.number,
            about=about,
            state=state,
            result=complaint.result or "",
        )
        return
    who = who_settles(complaint.tier, language)
    dispatcher.utter_message(
        response="utter_status",
        number=complaint.number,
        about=about,
        state=state,
        who=who if language == "zh" else who[0].upper() + who[1:],
        due=due_date(complaint, language),
    )


class ValidateResultForm(Action):
    """Hears whether the result is accepted, right after it was told."""

    def name(self) -> str:
        return "validate_result_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        if not turn.has_just_spoken:
            return ENDS  # the customer went on to something else; the question is not pressed
        if await _hear_result(dispatcher, turn, tracker.get_slot("pending_number")):
            return ENDS
        return []


class HearResult(Action):
    """Hears that a result is or is not accepted, when nobody had just asked."""

    def name(self) -> str:
        return "action_hear_result"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if not await _hear_result(dispatcher, read_turn(tracker), None):
            dispatcher.utter_message(response="utter_no_result_yet")
        return []


async def _hear_result(dispatcher: CollectingDispatcher, turn: CustomerTurn, number: str | None) -> bool:
    """Take the customer's word on the result.

    Returns:
        False if the message says nothing about it, or there is no result to speak of.
    """
    accepts = turn.intent in ("accept_result", "affirm", "thank") or (turn.intent == "rate" and (turn.rating or 0) > 2)
    rejects = turn.intent in ("reject_result", "deny") or (turn.intent == "rate" and (turn.rating or 3) <= 2)
    if not accepts and not rejects:
        return False
    now = store.clock()
    async with store.database().transaction() as session:
        if (planned := await _with_a_plan(session, turn, number)) is not None:
            return await _hear_plan(session, planned, turn, dispatcher)
        complaint = await _settled(session, turn, number)
        if complaint is None:
            return await _was_reopened_by_this(session, turn, number, dispatcher)
        if accepts:
            accept_result(session, complaint, now=now)
            record_learn(complaint, LearnStep.NOTIFY, "result accepted", by="bot", now=now)
            await notify_changed(session, turn.conversation_id)
            dispatcher.utter_message(response="utter_result_accepted")
            return True
        await reject_result(session, complaint, now=now)
        await _bring_next_tier(session, complaint, turn, "utter_result_reopened", dispatcher)
    return True


async def _with_a_plan(session: AsyncSession, turn: CustomerTurn, number: str | None) -> Complaint | None:
    """The complaint whose plan is spoken of: the one asked about, or the latest with a plan before the customer.

    The one asked about may have been answered by this same turn, cut off before it could speak.
    """
    await locked(session, turn.conversation_id)
    complaints = await complaints_of(session, turn.conversation_id)
    if number is None:
        return next((complaint for complaint in complaints if complaint.state is State.PLAN_PROPOSED), None)
    return next((c for c in complaints if c.number == number and c.state in PLAN_STATES), None)


async def _hear_plan(
    session: AsyncSession, complaint: Complaint, turn: CustomerTurn, dispatcher: CollectingDispatcher
) -> bool:
    """Take the customer's word on a plan; «thank you» is no consent.

    Returns:
        False if the message says nothing about it.
    """
    if turn.intent in ("accept_result", "affirm") and complaint.state is not State.REJECTED:
        await _accept_plan(session, complaint, turn)
        due = due_date(complaint, turn.language)
        dispatcher.utter_message(response="utter_plan_accepted", number=complaint.number, due=due)
        return True
    if turn.intent in ("reject_result", "deny") and complaint.state is not State.ACCEPTED:
        await _reject_plan(session, complaint, turn)
        dispatcher.utter_message(response="utter_plan_rejected", **_who_and_when(complaint, turn))
        return True
    return False


async def _accept_plan(session: AsyncSession, complaint: Complaint, turn: CustomerTurn) -> None:
    if complaint.state is State.ACCEPTED:
        return
    now = store.clock()
    await accept_plan(session, complaint, turn.text, now=now)
    record_learn(complaint, LearnStep.NOTIFY, "plan accepted", by="bot", now=now)
    await notify_changed(session, turn.conversation_id)


async def _reject_plan(session: AsyncSession, complaint: Complaint, turn: CustomerTurn) -> None:
    if complaint.state is State.REJECTED:
        return
    await reject_plan(session, complaint, turn.text, now=store.clock())
    await _call_next_tier(session, complaint, turn, "plan rejected")


async def _was_reopened_by_this(
    session: AsyncSession, turn: CustomerTurn, number: str | None, dispatcher: CollectingDispatcher
) -> bool:
    """Say once more that a case was reopened, for a turn that was cut off after it had reopened it."""
    complaint = await find_by_number(session, number) if number is not None else None
    if complaint is None or complaint.conversation_id != turn.conversation_id or complaint.state is not State.REOPENED:
        return False
    dispatcher.utter_message(response="utter_result_reopened", **_who_and_when(complaint, turn))
    return True


class ValidateRatingForm(Action):
    """Hears the rating, then a word beside it."""

    def name(self) -> str:
        return "validate_rating_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        requested = tracker.get_slot("requested_slot")
        number: str | None = tracker.get_slot("pending_number")
        if not turn.has_just_spoken:
            return ENDS
        if requested == "rating_comment":
            return await self._hear_comment(dispatcher, turn, number)
        if turn.intent == "skip":
            return await self._hear_declined(dispatcher, turn, number)
        return await _hear_rating(dispatcher, turn, number) or []

    async def _hear_declined(
        self, dispatcher: CollectingDispatcher, turn: CustomerTurn, number: str | None
    ) -> list[EventType]:
        """The customer would rather not rate: nobody reminds them."""
        async with store.database().transaction() as session:
            complaint = await _settled(session, turn, number)
            if complaint is not None:
                record_learn(complaint, LearnStep.NOTIFY, DECLINED, by="bot", now=store.clock())
        dispatcher.utter_message(response="utter_anything_else")
        return ENDS

    async def _hear_comment(
        self, dispatcher: CollectingDispatcher, turn: CustomerTurn, number: str | None
    ) -> list[EventType]:
        if turn.intent in ("crisis", "ask_human"):
            return []
        if turn.intent not in ("skip", "deny"):
            now = store.clock()
            async with store.database().transaction() as session:
                complaint = await find_by_number(session, number or "")
                if complaint is not None and complaint.conversation_id == turn.conversation_id:
                    comment_on_rating(session, complaint, turn.text, now=now)
                    await notify_changed(session, turn.conversation_id)
        dispatcher.utter_message(response="utter_rating_thanks")
        return ENDS


class HearRating(Action):
    """Hears a rating when nobody had just asked for one."""

    def name(self) -> str:
        return "action_hear_rating"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        events = await _hear_rating(dispatcher, read_turn(tracker), None)
        if events is None:
            dispatcher.utter_message(response="utter_no_result_yet")
            return []
        return [ActiveLoop("rating_form"), *events]


async def _hear_rating(
    dispatcher: CollectingDispatcher, turn: CustomerTurn, number: str | None
) -> list[EventType] | None:
    """Take a rating, and ask for a word.

    Returns:
        The events that keep the form open for the word; none if there was no rating, or nothing to rate.
    """
    rating = turn.rating or {"accept_result": 5, "reject_result": 1}.get(turn.intent)
    now = store.clock()
    async with store.database().transaction() as session:
        complaint = await _settled(session, turn, number)
        if complaint is None:
            return None
        if rating is None:
            if turn.intent not in ("rate", "inform", "affirm", "deny", "nlu_fallback"):
                return None
            dispatcher.utter_message(response="utter_rating_not_understood")
            return [SlotSet("requested_slot", "rating"), SlotSet("pending_number", complaint.number)]
        reopened = await rate(session, complaint, rating, now=now)
        if _has_words(turn):
            comment_on_rating(session, complaint, turn.text, now=now)
        if reopened:
            await _bring_next_tier(session, complaint, turn, "utter_rating_reopened", dispatcher)
        else:
            record_learn(complaint, LearnStep.NOTIFY, f"rated {rating}", by="bot", now=now)
            await notify_changed(session, turn.conversation_id)
            if _has_words(turn):
                dispatcher.utter_message(response="utter_rating_thanks")
                return ENDS
            dispatcher.utter_message(response="utter_question_rating_comment")
        return [SlotSet("pending_number", complaint.number), SlotSet("requested_slot", "rating_comment")]


def _has_words(turn: CustomerTurn) -> bool:
    """Whether there is more than a number in the rating."""
    return len(turn.text.strip()) > 6


async def _settled(session: AsyncSession, turn: CustomerTurn, number: str | None) -> Complaint | None:
    """The complaint whose result is spoken of: the one asked about, or the customer's latest resolved one."""
    complaints = await complaints_of(session, turn.conversation_id)
    resolved = [c for c in complaints if c.state in (State.RESOLVED, State.CLOSED)]
    if number is not None:
        return next((complaint for complaint in resolved if complaint.number == number), None)
    return resolved[0] if resolved else None


async def _bring_next_tier(
    session: AsyncSession, complaint: Complaint, turn: CustomerTurn, response: str, dispatcher: CollectingDispatcher
) -> None:
    """The case was reopened one tier higher: call those people, and tell the customer who and by when."""
    await _call_next_tier(session, complaint, turn, "reopened one tier higher")
    dispatcher.utter_message(response=response, **_who_and_when(complaint, turn))


async def _call_next_tier(session: AsyncSession, complaint: Complaint, turn: CustomerTurn, why: str) -> None:
    now = store.clock()
    conversation = await locked(session, turn.conversation_id)
    await call_staff(session, conversation, complaint.tier.value, now=now)
    record_learn(complaint, LearnStep.NOTIFY, why, by="bot", now=now)


def _who_and_when(complaint: Complaint, turn: CustomerTurn) -> dict[str, Any]:
    return {
        "number": complaint.number,
        "who": who_settles(complaint.tier, turn.language),
        "due": due_date(complaint, turn.language),
    }
