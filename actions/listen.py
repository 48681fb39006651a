"""Listen 倾听: let the customer finish, ask briefly for what is missing and matters, read it back.

The form `complaint_form` holds the conversation while a complaint is told. Everything in a message is heard, whatever
was asked; what does not belong to the complaint is left to the rules, and the open question is asked again after it.
"""

import re
from itertools import takewhile
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions import store
from actions.draft import ASK_AT_MOST, QUESTIONS, WISH_WORDS, ComplaintDraft, Question
from actions.empathise import empathise
from actions.react import hand_over, raise_and_tell, waits_for_person
from actions.turn import CustomerTurn, read_turn
from bot.complaints.casework import add_to_complaint, unsettled_complaint_of
from bot.complaints.labels import Kind, Tier
from bot.complaints.models import Complaint
from bot.wording import wording

LEFT_TO_RULES = frozenset(
    {
        "crisis",
        "ask_human",
        "withdraw",
        "ask_status",
        "ask_reason",
        "repeat",
        "ask_help",
        "challenge_bot",
        "change_language",
        "greet",
        "goodbye",
        "thank",
        "insult",
        "not_finished",
        "chitchat",
        "enquire",
        "other",
        "nlu_fallback",
    }
)
"""What a message may want besides telling the complaint."""

HEARD_AS_WISH = frozenset({"enquire", "chitchat", "other", "nlu_fallback", "insult", "suggest", "praise"})
"""Asked what they want, customers answer in every form: «能不能把钱退了», «让那个柜员下岗»."""

SHORT = 40
"""Characters up to which a message may be the bare answer to a question; a longer one tells a story."""

NO_PHONE = re.compile(
    r"我?(?:不想|不方便|不愿意?|就不|不)(?:留|给)(?:个|联系)?(?:电话|手机|号码)号?码?(?:了|吧)?|我?没有?(?:电话|手机)号?|"
    r"no (?:phone|number|phone number)(?: please)?|"
    r"(?:i'd rather not|i won't|don't want to) (?:give|leave) (?:you )?(?:a |my )?(?:phone|number|phone number)",
    re.IGNORECASE,
)
"""A customer who gives no telephone number, whatever was asked."""

WANTS = re.compile(
    r"[要想给让请帮退赔改查解撤删补换还]|\b(?:want|need|give|get|return|back|please|should|could|would|like|just|stop|fix)\b",
    re.IGNORECASE,
)
"""Words without which a short message hardly wishes for anything."""

WITHDRAWAL_WORDS = re.compile(
    r"撤|不投诉|不告|算了|不登记|不办了|取消|不想说了|"
    r"withdraw|cancel|forget it|never ?mind|drop (?:it|the|this)|don't want to complain",
    re.IGNORECASE,
)
"""While a complaint is told, only words like these break it off: «不留了» and «refund it» are answers."""

SAME_MATTER_FOR_MINUTES = 30
"""Just after a heavy complaint, whatever is told next belongs to it."""


class ValidateComplaintForm(Action):
    """Hears a message while a complaint is told, and asks the next question."""

    def name(self) -> str:
        return "validate_complaint_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn, draft = read_turn(tracker), ComplaintDraft.of(tracker)
        requested: Question | None = tracker.get_slot("requested_slot")
        if not turn.has_just_spoken:
            if "action_wait_for_more" not in turn.answered_by and requested is not None:
                _ask(dispatcher, draft, requested, turn.text)
            return [SlotSet("requested_slot", requested)]
        if requested is None:
            draft = ComplaintDraft()
            if await _belongs_to_earlier(dispatcher, turn):
                draft.outcome = "added"
                return [draft.as_event(), SlotSet("requested_slot", None)]
            if turn.intent != "want_to_complain" or _tells_a_story(turn):
                draft.hear_story(turn)
        elif not _hear_answer(dispatcher, draft, requested, turn):
            return []  # the form steps aside, and the rules answer
        return _go_on(dispatcher, draft, turn.text)


def _go_on(dispatcher: CollectingDispatcher, draft: ComplaintDraft, heard: str) -> list[EventType]:
    """Show empathy, then ask the next question; nothing more is asked when it is urgent, or all is said."""
    question = draft.next_question()
    if question is None or (draft.story and draft.tier() is Tier.URGENT):
        draft.outcome = "ready"
        return [draft.as_event(), SlotSet("requested_slot", None)]
    if draft.story:
        empathise(dispatcher, draft)
    draft.asked[question] = draft.asked.get(question, 0) + 1
    _ask(dispatcher, draft, question, heard)
    return [draft.as_event(), SlotSet("requested_slot", question)]


def _ask(dispatcher: CollectingDispatcher, draft: ComplaintDraft, question: Question, heard: str) -> None:
    if question == "phone" and draft.asked.get(question, 0) > 1 and any(character.isdecimal() for character in heard):
        dispatcher.utter_message(response="utter_question_phone_again")
    elif question == "confirmed" and draft.is_being_corrected:
        dispatcher.utter_message(response="utter_what_to_correct")
    elif question == "confirmed":
        dispatcher.utter_message(response="utter_question_confirmed", facts=_facts_as_text(draft, dispatcher))
    else:
        dispatcher.utter_message(response=f"utter_question_{question}")


def _hear_answer(
    dispatcher: CollectingDispatcher, draft: ComplaintDraft, question: Question, turn: CustomerTurn
) -> bool:
    """Take what the message says about the complaint.

    Returns:
        False if it says nothing about it and wants something else.
    """
    if question == "confirmed":
        return _hear_confirmation(dispatcher, draft, turn)
    if question not in ("phone", "story") and NO_PHONE.fullmatch(turn.text.strip(" 。，.!！")):
        draft.skip("phone")  # said before it was asked
        _note_instead(dispatcher, draft, question)
        return True
    if _wants_something_else(question, turn):
        return False
    if turn.intent == "skip" or (_declines(question, turn) and not turn.states_something):
        draft.skip(question)
        return True
    if question == "story":
        draft.hear_story(turn)
        return True
    if _tells_a_story(turn) and (turn.fact(question) is None or len(turn.text) > SHORT) and question != "wish":
        draft.hear_story(turn)
        return True
    heard = draft.hear_facts(turn)
    if turn.fact(question) is not None:
        if question == "occurred" and len(turn.statement.facts) == 1:
            draft.facts[question].text = turn.text.strip()  # «今天上午十点左右» says more than the day
        return True
    if _hear_bare_words(dispatcher, draft, question, turn):
        return True
    if heard:
        dispatcher.utter_message(response="utter_noted")  # before the open question comes again
    return heard


def _note_instead(dispatcher: CollectingDispatcher, draft: ComplaintDraft, question: Question) -> None:
    """Say that it was heard, although it answers another question: the open one was neither answered nor declined."""
    dispatcher.utter_message(response="utter_noted")
    draft.asked[question] = max(draft.asked.get(question, 0) - 1, 0)


def _declines(question: Question, turn: CustomerTurn) -> bool:
    """«不用», «不留了»: no to the question, not to the complaint. Asked for a wish, the words may be the wish."""
    is_no = turn.intent == "deny" or (turn.intent == "withdraw" and question != "wish")
    return is_no and len(turn.text) <= SHORT


def _hear_bare_words(
    dispatcher: CollectingDispatcher, draft: ComplaintDraft, question: Question, turn: CustomerTurn
) -> bool:
    """Take the message itself as the answer, where any words can be one."""
    text = turn.text.strip()
    if question == "wish" and not _is_bare_fact(turn):
        draft.hear_words(question, text)
        return True
    if WISH_WORDS.search(text):  # «把卡还我» comes whatever was asked
        if draft.hear_wish(text):
            _note_instead(dispatcher, draft, question)
        return True
    if question in ("outlet", "occurred") and len(text) <= SHORT and not turn.states_something:
        draft.hear_words(question, text)
        return True
    if question == "amount" and re.search(r"[\d一二三四五六七八九十百千万几]", text) and len(text) <= SHORT:
        draft.hear_words(question, text)
        return True
    if question == "phone" and re.search(r"\d{5}", text):
        if draft.asked.get("phone", 0) >= ASK_AT_MOST:
            draft.hear_words(question, text)  # as it was given: a person can still make sense of it
        return True
    if turn.intent in LEFT_TO_RULES or turn.states_something:
        return False
    draft.story.append(text)  # it answers nothing that was asked, and belongs to the story all the same
    return True


def _is_bare_fact(turn: CustomerTurn) -> bool:
    """«大概三天前吧», «急死了，里面有八千块» say what happened, and wish for nothing, whatever was asked."""
    if not turn.states_something:
        return False
    is_little_else = len(turn.text) <= 3 * sum(len(fact.text) for fact in turn.statement.facts)
    return is_little_else or (len(turn.text) <= SHORT and not WANTS.search(turn.text))


def _hear_confirmation(dispatcher: CollectingDispatcher, draft: ComplaintDraft, turn: CustomerTurn) -> bool:
    was_being_corrected = draft.is_being_corrected
    if turn.intent in ("affirm", "skip", "accept_result") and not turn.states_something and not was_being_corrected:
        draft.hear_words("confirmed", turn.text)
        return True
    is_about_it = turn.states_something or turn.kind is Kind.COMPLAINT
    may_be_correction = was_being_corrected and turn.intent in HEARD_AS_WISH
    if turn.intent in LEFT_TO_RULES and not is_about_it and not may_be_correction:
        return False
    if turn.intent in ("deny", "reject_result", "correct") and not turn.states_something and len(turn.text) <= 8:
        draft.is_being_corrected = True
        return True
    draft.is_being_corrected = False
    if draft.hear_facts(turn):
        dispatcher.utter_message(response="utter_corrected")
    else:
        draft.hear_story(turn)
        dispatcher.utter_message(response="utter_noted")
    return True


def _wants_something_else(question: Question, turn: CustomerTurn) -> bool:
    if turn.intent not in LEFT_TO_RULES:
        return False
    if turn.intent == "crisis":
        return True
    if question == "wish" and (turn.intent in HEARD_AS_WISH or turn.intent_confidence < 0.6):
        return False
    if turn.intent == "withdraw" and not WITHDRAWAL_WORDS.search(turn.text):
        return False
    if turn.fact(question) is not None or (question == "story" and _tells_a_story(turn)):
        return False
    if turn.intent == "nlu_fallback":
        return (
            not (question in ("outlet", "occurred", "story") and len(turn.text) <= SHORT) and not turn.states_something
        )
    return True


def _tells_a_story(turn: CustomerTurn) -> bool:
    return turn.kind is Kind.COMPLAINT and (turn.intent == "complain" or len(turn.text) > SHORT)


async def _belongs_to_earlier(dispatcher: CollectingDispatcher, turn: CustomerTurn) -> bool:
    """Add the message to the complaint that this customer has just made, if it is about the same matter."""
    if turn.intent == "want_to_complain" and not _tells_a_story(turn):
        return False
    now = store.clock()
    async with store.database().transaction() as session:
        complaint = await unsettled_complaint_of(session, turn.conversation_id)
        if complaint is None:
            return False
        minutes = (now - complaint.opened_at).total_seconds() / 60
        just_now = minutes < SAME_MATTER_FOR_MINUTES and complaint.tier >= Tier.COMPLEX
        if not just_now and (minutes > 24 * 60 or complaint.product != turn.statement.product):
            return False
        decision = await add_to_complaint(session, complaint, turn.text, turn.statement, now=now)
        await raise_and_tell(dispatcher, session, complaint, decision.tier, turn, now=now)
    return True


def _facts_as_text(draft: ComplaintDraft, dispatcher: CollectingDispatcher) -> str:
    language = "en" if re.search(r"[A-Za-z]{3}", draft.text) and not re.search(r"[一-鿿]", draft.text) else "zh"
    lines = [("story", _in_short(draft.text))]
    lines += [(name, draft.facts[name].text) for name in QUESTIONS if name in draft.facts and name != "confirmed"]
    return "\n".join(wording().say(f"utter_fact_{name}", language, value=value).text for name, value in lines)


def _in_short(story: str, limit: int = 120) -> str:
    """The story for reading back: whole if it is short, else its beginning up to the end of a clause."""
    text = re.sub(r"\s*\n\s*", "；" if re.search(r"[一-鿿]", story) else "; ", story.strip())
    if len(text) <= limit:
        return text
    clause = re.match(rf".{{{limit // 2},{limit}}}[，。；,.;！!？? ]", text)
    return (clause.group(0).rstrip("，。；,.; ") if clause else text[:limit]) + "……"


class HearAddition(Action):
    """A fact that comes when no question is open: it goes to the complaint that is being worked on."""

    def name(self) -> str:
        return "action_hear_addition"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        turn = read_turn(tracker)
        now = store.clock()
        async with store.database().transaction() as session:
            complaint: Complaint | None = await unsettled_complaint_of(session, turn.conversation_id)
            if complaint is None:
                dispatcher.utter_message(response="utter_nothing_to_add_to")
                return []
            decision = await add_to_complaint(session, complaint, turn.text, turn.statement, now=now)
            await raise_and_tell(dispatcher, session, complaint, decision.tier, turn, now=now)
        return []


class Greet(Action):
    """A greeting: in full the first time, with what we can do and the privacy notice; in a word after that."""

    def name(self) -> str:
        return "action_greet"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_greet" if read_turn(tracker).is_first else "utter_greet_again")
        return []


class WaitForMore(Action):
    """The customer is not done: say that we listen, and ask nothing."""

    def name(self) -> str:
        return "action_wait_for_more"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        dispatcher.utter_message(response="utter_take_your_time")
        return []


class Repeat(Action):
    """Say once more what was said last, before the customer asked for it."""

    def name(self) -> str:
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if tracker.active_loop_name is not None:
            return []  # the form asks its question again
        said = [event["text"] for event in _last_answer(tracker) if event.get("text")]
        if said:
            dispatcher.utter_message(text=said[-1])
        else:
            dispatcher.utter_message(response="utter_nothing_to_repeat")
        return []


class NotUnderstood(Action):
    """Ask once for other words, or say that this is not ours; the second time in a row, a person comes."""

    def name(self) -> str:
        return "action_not_understood"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if await waits_for_person(read_turn(tracker)):
            dispatcher.utter_message(response="utter_still_coming")
            return []
        if _not_understood_in_a_row(tracker) < 2:
            is_not_ours = read_turn(tracker).intent == "other"
            dispatcher.utter_message(response="utter_other" if is_not_ours else "utter_rephrase")
            return []
        await hand_over(tracker, "not_understood")
        dispatcher.utter_message(response="utter_not_understood_handed_over")
        return [ActiveLoop(None), SlotSet("requested_slot", None), SlotSet("draft", None)]


class SmallTalk(Action):
    """Small talk is brought back to the matter; who waits for a person is told that one is coming."""

    def name(self) -> str:
        return "action_small_talk"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        is_waiting = await waits_for_person(read_turn(tracker))
        dispatcher.utter_message(response="utter_still_coming" if is_waiting else "utter_chitchat")
        return []


class DefaultFallback(NotUnderstood):
    """rasa found no rule: the same as not having understood."""

    def name(self) -> str:
        return "action_default_fallback"


def _last_answer(tracker: Tracker) -> list[dict[str, Any]]:
    """The bot's events between the customer's last two messages."""
    events = list(reversed(tracker.events))
    current = next((i for i, event in enumerate(events) if event.get("event") == "user"), len(events))
    before = takewhile(lambda event: event.get("event") != "user", events[current + 1 :])
    return [event for event in reversed(list(before)) if event.get("event") == "bot"]


def _not_understood_in_a_row(tracker: Tracker) -> int:
    """How many of the customer's last messages led to this action, this one included."""
    count = 1
    turns = [event for event in reversed(tracker.events) if event.get("event") in ("user", "action")]
    for event in turns:
        if event["event"] != "action" or event.get("name") == "action_listen":
            continue
        if event.get("name") in ("action_not_understood", "action_default_fallback"):
            count += 1
        elif event.get("name") not in ("complaint_form", "action_extract_slots", "action_session_start"):
            break
    return count
