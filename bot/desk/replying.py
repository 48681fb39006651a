"""What helps a person to write well: canned replies with the facts of the case, LEARN checklist, a word of caution."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.deadlines import DeadlineName, deadline_policy, say_date
from bot.complaints.follow_ups import FollowUp
from bot.complaints.labels import Language
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint, Fact
from bot.complaints.plans import agreed_plans_of
from bot.complaints.replies import Placeholder, filled, reply_policy
from bot.conversations.models import Conversation
from bot.desk.caution import Caution, Cautioned, cautions_in
from bot.desk.conversation import learn_steps, shown_as
from bot.desk.macros import Macro, macro_policy
from bot.desk.masked import Personal, masked_name, with_telephones_masked
from bot.desk.words import language_of, word
from bot.followups.macro_steps import may_follow
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation, UnknownUnit
from bot.staff.unit_replies import UnitReply, replies_for, replies_with

LANGUAGES: tuple[Language, ...] = ("zh", "en")
HOUSE, UNIT = "house:", "unit:"
"""How the id of a reply begins, by whose it is."""
MOST_REPLIES_IN_ONE = 10
ANSWER_DUE_BY = frozenset({DeadlineName.DECISION, DeadlineName.EXTENDED_DECISION, DeadlineName.RECHECK_DECISION})
CURRENCIES = {"CNY": ("元", "yuan"), "USD": ("美元", "US dollars"), "HKD": ("港元", "Hong Kong dollars")}


@dataclass(frozen=True)
class Source:
    """Where the facts for a reply come from.

    Attributes:
        complaint: the case that the conversation is about, as far as the person may see it.
        revealed: what the person has asked to see; a name that is still masked is not filled in.
    """

    conversation: Conversation
    complaint: Complaint | None
    person: StaffMember
    revealed: Collection[Personal]
    organisation: Organisation
    now: datetime

    def facts(self, language: Language) -> dict[Placeholder, str]:
        """What is known, in the reply's language; what is not known is empty."""
        known = {
            Placeholder.CUSTOMER: self._customer(),
            Placeholder.STAFF: shown_as(self.person, language, self.organisation),
        }
        if self.complaint is not None:
            known |= self._facts_of(self.complaint, language)
        return known

    def _facts_of(self, complaint: Complaint, language: Language) -> dict[Placeholder, str]:
        stated = {fact.name: fact for fact in complaint.facts}
        return {
            Placeholder.NUMBER: complaint.number,
            Placeholder.OUTLET: self._outlet(complaint, stated.get("outlet"), language),
            Placeholder.AMOUNT: say_amount(stated["amount"], language) if "amount" in stated else "",
            Placeholder.OCCURRED: self._occurred(stated.get("occurred"), language),
            Placeholder.DUE: self._due(complaint, language),
            Placeholder.RESULT: complaint.result or "",
        }

    def _customer(self) -> str:
        name = self.conversation.customer_name or ""
        return name if Personal.NAME in self.revealed or masked_name(name) == name else ""

    def _outlet(self, complaint: Complaint, stated: Fact | None, language: Language) -> str:
        if complaint.outlet_code is not None:
            try:
                return self.organisation.find(complaint.outlet_code).display_name(language)
            except UnknownUnit:
                pass  # the code is no longer in use: the customer's own words are left
        return self._words(stated)

    def _occurred(self, stated: Fact | None, language: Language) -> str:
        return say_date(stated.day, language) if stated is not None and stated.day else self._words(stated)

    def _words(self, stated: Fact | None) -> str:
        text = stated.text if stated is not None else ""
        return text if Personal.PHONE in self.revealed else with_telephones_masked(text)

    def _due(self, complaint: Complaint, language: Language) -> str:
        """The date of the answer, unless it has passed: nobody is promised a day that is gone."""
        coming = (d.due_at for d in complaint.running_deadlines if d.name in ANSWER_DUE_BY and d.due_at > self.now)
        due_at = min(coming, default=None)
        return say_date(due_at.astimezone(deadline_policy().zone).date(), language) if due_at else ""


def say_amount(fact: Fact, language: Language) -> str:
    """«3000元» or "3,000 yuan"; the customer's own words if they name no sum that we understood."""
    if fact.amount_fen is None:
        return fact.text
    amount = Decimal(fact.amount_fen) / 100
    number = f"{amount:,.2f}".removesuffix(".00")
    zh, en = CURRENCIES.get(fact.currency or "CNY", (fact.currency, fact.currency))
    return f"{number.replace(',', '')}{zh}" if language == "zh" else f"{number} {en}"


def case_written_about(complaints: Iterable[Complaint]) -> Complaint | None:
    """The newest complaint that is still worked on, else the newest of all.

    Args:
        complaints: those of the conversation that the person may see, newest first.
    """
    seen = list(complaints)
    return next((c for c in seen if not c.state.is_settled), next(iter(seen), None))


async def replies_at_hand(
    session: AsyncSession, source: Source, language: Language, acts: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Every reply that the person may choose, filled in, ready for the picker.

    Args:
        language: the viewer's.
        acts: names of the acts that are offered on the case: with them go the macros.

    Returns:
        The customer's language first, in each language by step, then the macros.
    """
    facts = {one: source.facts(one) for one in LANGUAGES}
    own = [_of_unit(reply, facts, language) for reply in await replies_for(session, source.person.unit_code)]
    steps = list(LearnStep)
    house = _of_house(facts, language)
    macros = _macros(house, source, acts, language)
    return sorted(
        [*own, *house, *macros],
        key=lambda row: (
            row["language"] != source.conversation.language,
            row["isMacro"],
            steps.index(row["step"]),
        ),
    )


def _macros(
    house: Sequence[dict[str, Any]], source: Source, acts: Collection[str], viewer: Language
) -> list[dict[str, Any]]:
    """The macros of which everything is the person's to do, each a row of the reply that it puts in."""
    spoken = language_of(source.conversation.language)
    rows = {row["id"]: row for row in house if row["language"] == spoken}
    return [
        rows[f"{HOUSE}{macro.reply}"]
        | {
            "isMacro": True,
            "group": word("macros", viewer),
            "title": getattr(macro.title, viewer),
            "macro": macro.name if macro.follows else "",
            "act": macro.act or "",
            "does": " · ".join(
                filter(None, (word(f"act_{macro.act}", viewer) if macro.act else "", macro.steps(viewer)))
            ),
            "steps": macro.steps(viewer),
        }
        for macro in macro_policy().macros
        if macro.reply is not None and (macro.act is None or macro.act in acts) and is_theirs(macro, source)
    ]


def is_theirs(macro: Macro, source: Source) -> bool:
    """Whether what the macro does by itself is the person's to do with the case."""
    if not macro.follows:
        return True
    return source.complaint is not None and may_follow(source.person, source.complaint, macro.assign)


def follow_ups_of(names: Sequence[Any], complaint: Complaint, person: StaffMember) -> list[FollowUp]:
    """What the chosen macros do with the case once the reply is sent; what is not the person's to do is left out."""
    chosen = [
        macro for name in dict.fromkeys(map(str, names[:MOST_REPLIES_IN_ONE])) if (macro := macro_policy().find(name))
    ]
    return [
        FollowUp(macro.name, complaint.id, person.id, macro.tag, macro.assign)
        for macro in chosen
        if macro.follows and may_follow(person, complaint, macro.assign)
    ]


def _of_house(facts: Mapping[Language, Mapping[Placeholder, str]], viewer: Language) -> list[dict[str, Any]]:
    return [
        _row(
            f"{HOUSE}{reply.name}",
            reply.step,
            getattr(reply.title, viewer),
            filled(getattr(reply.text, language), facts[language], language),
            language,
            viewer,
        )
        for reply in reply_policy().replies
        for language in LANGUAGES
    ]


def _of_unit(reply: UnitReply, facts: Mapping[Language, Mapping[Placeholder, str]], viewer: Language) -> dict[str, Any]:
    language = language_of(reply.language)
    text = filled(reply.text, facts[language], language)
    return _row(f"{UNIT}{reply.id}", reply.step, reply.title, text, language, viewer) | {"isOwn": True}


def _row(reply_id: str, step: LearnStep, title: str, text: str, language: Language, viewer: Language) -> dict[str, Any]:
    return {
        "id": reply_id,
        "step": step.value,
        "group": f"{step.display_name(viewer)} · {word(f'speaks_{language}', viewer)}",
        "title": title,
        "text": text,
        "language": language,
        "isOwn": False,
        "isMacro": False,
        "macro": "",
        "act": "",
        "does": "",
    }


async def steps_of(session: AsyncSession, chosen: Sequence[Any], person: StaffMember) -> dict[str, LearnStep]:
    """The LEARN steps of the chosen replies by their ids; what the person could not have chosen is left out."""
    ids = {one for one in chosen[:MOST_REPLIES_IN_ONE] if isinstance(one, str)}
    steps = {f"{HOUSE}{reply.name}": reply.step for reply in reply_policy().replies}
    numbers = {int(number) for one in ids if (number := one.removeprefix(UNIT)).isdecimal() and len(number) < 19}
    own = await replies_with(session, numbers, person.unit_code)
    steps |= {f"{UNIT}{reply.id}": reply.step for reply in own}
    return {one: steps[one] for one in sorted(ids) if one in steps}


def checklist_of(complaint: Complaint | None, language: Language) -> dict[str, Any] | None:
    """The five steps of a case that is still worked on, each done or missing, ready for the checklist."""
    if complaint is None or complaint.state.is_settled:
        return None
    steps = learn_steps(complaint, language)
    hints = [word(f"missing_{step}", language) for step in LearnStep]
    return {
        "complaint": str(complaint.id),
        "steps": [step | {"hint": hint} for step, hint in zip(steps, hints, strict=True)],
    }


class NeedsConfirming(Exception):
    """A reply holds something that the person should look at once more.

    Attributes:
        cautions: what was found.
    """

    def __init__(self, cautions: Sequence[Caution]) -> None:
        self.cautions = cautions
        super().__init__(kinds_of(cautions))

    def display_name(self, language: Language) -> str:
        """What was found and why that matters, in the reader's language."""
        promises = "; ".join(one.words for one in self.cautions if one.kind is Cautioned.PROMISE)
        numbers = [one.kind for one in self.cautions if one.kind is not Cautioned.PROMISE]
        said = [word("caution_number", language, what=word(f"masked_{kind}", language)) for kind in numbers]
        if promises:
            said.append(word("caution_promise", language, what=promises))
        return ("" if language == "zh" else " ").join(said)


def kinds_of(cautions: Iterable[Caution]) -> str:
    """The kinds found, for the audit log."""
    return ",".join(sorted({one.kind.value for one in cautions}))


async def cautions_for(session: AsyncSession, text: str, complaints: Iterable[Complaint]) -> tuple[Caution, ...]:
    """What a reply should be held for, knowing what was agreed for this customer."""
    agreed = [plan.text for complaint in complaints for plan in await agreed_plans_of(session, complaint)]
    return cautions_in(text, agreed=agreed)
