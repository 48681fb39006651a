"""How acts are offered: where each stands, what it asks for, and what is asked again before it is done.

An act is offered where the case's state and the person's role allow it. Whether it is offered is asked once more right
before it is done, so what a page showed too long ago, or never, is refused.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.approvals import approvals_of
from bot.complaints.assignment import in_order
from bot.complaints.closing import closings_of
from bot.complaints.family import children_of, parent_of
from bot.complaints.follows import is_followed_by
from bot.complaints.labels import Language
from bot.complaints.lifecycle import CaseStep, legal_steps
from bot.complaints.models import Approval, CaseTask, Closing, Complaint, Plan, Recheck
from bot.complaints.people import Candidate, Person
from bot.complaints.plans import plans_of
from bot.complaints.rechecks import rechecks_of
from bot.complaints.similar import Repeat, likely_repeats
from bot.complaints.tags import tags_of
from bot.complaints.tasks import tasks_of
from bot.desk.queue import Viewer, is_snoozed
from bot.desk.words import word, word_or
from bot.masking import mask_form
from bot.staff.candidates import CASE_ROLE_OF, candidates, person_of
from bot.staff.models import StaffMember
from bot.staff.organisation import organisation
from bot.staff.permissions import Act, may, may_see

LONGEST_TEXT = 4000
"""Characters. Telegram carries 4096 in one message."""
LONGEST_LINE = 200

Values = Mapping[str, str]


class NotOffered(Exception):
    """The act is not, or no longer, the person's to do."""


class TakeOverFirst(Exception):
    """The customer is told something by whoever is with them."""


class NoSuchCase(LookupError):
    """No case has this number, or the person may not see it: which of the two is not told."""


class Unfilled(ValueError):
    """A field of the form is empty, too long, or holds a choice that was not offered.

    Attributes:
        field: its name.
    """

    def __init__(self, name: str) -> None:
        self.field = name
        super().__init__(name)


@dataclass(frozen=True)
class Field:
    """Something that an act asks for."""

    name: str
    kind: Literal["text", "line", "choice"] = "text"
    is_required: bool = True
    options: Sequence[tuple[str, str]] = ()
    """Of a choice: what is stored, and what is shown."""
    at_most: int | None = None
    """Characters, where less can be kept than of any text or line."""

    def check(self, value: str) -> str:
        """The value without space around it, words without personal numbers: what an act is given may be stored.

        Raises:
            Unfilled: it cannot be used.
        """
        value = value.strip() if self.kind == "choice" else mask_form(value.strip())
        is_known = self.kind != "choice" or not value or any(value == stored for stored, _ in self.options)
        if (self.is_required and not value) or len(value) > self.longest or not is_known:
            raise Unfilled(self.name)
        return value

    @property
    def longest(self) -> int:
        """Characters."""
        return self.at_most or (LONGEST_TEXT if self.kind == "text" else LONGEST_LINE)


@dataclass(frozen=True)
class Offer:
    """An act that can be done now.

    Attributes:
        place: where it stands: `case`, `end`, or what it is about, `plan:7`.
        target: id of what it is about, if not the case itself.
    """

    place: str = "case"
    target: str = ""
    fields: tuple[Field, ...] = ()
    tone: Literal["primary", "secondary", "quiet"] = "secondary"


@dataclass(frozen=True)
class CaseAtHand:
    """A case as one person has it before them.

    Attributes:
        holds_conversation: whether the person is with the customer.
        siblings: the conversation's other complaints, as far as the person may see them.
        tags: names of the tags that the case has.
        is_snoozed: whether the person has put the case out of their queue for a while.
        repeats: what may be the same matter told again, as far as the person may see it.
        parent: the case that collects this one, whoever may see it.
        children: the cases that this one collects, whoever may see them.
        colleagues: who may be given the case, nearest and least busy first; empty for whoever gives none.
    """

    session: AsyncSession
    complaint: Complaint
    member: StaffMember
    language: Language
    holds_conversation: bool
    now: datetime
    plans: Sequence[Plan] = ()
    approvals: Sequence[Approval] = ()
    tasks: Sequence[CaseTask] = ()
    rechecks: Sequence[Recheck] = ()
    closings: Sequence[Closing] = ()
    siblings: Sequence[Complaint] = field(default=(), repr=False)
    is_snoozed: bool = False
    tags: Sequence[str] = ()
    repeats: Sequence[Repeat] = field(default=(), repr=False)
    parent: Complaint | None = field(default=None, repr=False)
    children: Sequence[Complaint] = field(default=(), repr=False)
    colleagues: Sequence[Candidate] = field(default=(), repr=False)

    @property
    def is_workable(self) -> bool:
        """Whether something is left to be done, and the person's role has a part in it."""
        return self.works_on_cases and not self.complaint.state.is_settled

    @property
    def works_on_cases(self) -> bool:
        """Whether the person's role has a part in casework."""
        return self.member.role in CASE_ROLE_OF

    @property
    def is_followed(self) -> bool:
        """Whether the person follows the case."""
        return is_followed_by(self.complaint, self.member.id)

    @property
    def family(self) -> Sequence[Complaint]:
        """The case's parent or children."""
        return [self.parent] if self.parent is not None else self.children

    @property
    def person(self) -> Person:
        """The person as casework knows them.

        Raises:
            NotOnCases: their role has no part in it.
        """
        return person_of(self.member)

    @property
    def actor(self) -> str:
        """The person's name in records."""
        return f"staff:{self.member.username}"

    def sees(self, other: Complaint) -> bool:
        """Whether the person may see another case."""
        return may_see(self.member, other.outlet_code, organisation())

    def may(self, act: Act) -> bool:
        """Whether the person's role allows it."""
        return may(self.member, act)

    def can(self, step: CaseStep) -> bool:
        """Whether the case's state allows it."""
        return step in legal_steps(self.complaint.state)

    def require_customer(self) -> None:
        """Make sure that it is this person who is with the customer.

        Raises:
            TakeOverFirst: it is not.
        """
        if not self.holds_conversation:
            raise TakeOverFirst(self.complaint.number)

    def someone(self, of: Iterable[Candidate]) -> tuple[Field, ...]:
        """A choice among people, each with unit and load."""
        options = tuple((str(one.id), self._described(one)) for one in of)
        return (Field("person", "choice", options=options),)

    def _described(self, one: Candidate) -> str:
        unit = organisation().find(one.unit_code).display_name(self.language)
        absent = f" · {word('absent', self.language)}" if one.is_absent else ""
        return f"{one.names[0]} · {unit} · {word('open_cases', self.language, count=one.open_count)}{absent}"


Offers = Callable[[CaseAtHand], Iterable[Offer]]
Doing = Callable[[CaseAtHand, str, Values], Awaitable[None]]


class Acts:
    """Acts by name, each with what says where it is offered and what does it."""

    def __init__(self) -> None:
        self._acts: dict[str, tuple[Offers, Doing]] = {}

    def act(self, name: str, offers: Offers) -> Callable[[Doing], Doing]:
        """Register what does an act under its name."""

        def register(doing: Doing) -> Doing:
            self._acts[name] = (offers, doing)
            return doing

        return register

    @property
    def names(self) -> list[str]:
        """Every act, in the order in which pages show them."""
        return list(self._acts)

    def offered(self, case: CaseAtHand) -> list[dict[str, Any]]:
        """Every act that is offered now, ready for the case component."""
        return [
            _shown(name, offer, case.language) for name, (offers, _) in self._acts.items() for offer in offers(case)
        ]

    async def do(self, case: CaseAtHand, name: str, target: str, values: Mapping[str, Any]) -> None:
        """Do what the person chose.

        Raises:
            NotOffered: it is not offered to this person now.
            Unfilled: something that it asks for cannot be used.
        """
        if name not in self._acts:
            raise NotOffered("unknown")  # what a browser made up is nobody's to keep
        offers, doing = self._acts[name]
        offer = next((offer for offer in offers(case) if offer.target == target), None)
        if offer is None:
            raise NotOffered(name)
        checked = {field.name: field.check(_text(values.get(field.name))) for field in offer.fields}
        await doing(case, target, checked)


CASE_ACTS = Acts()
"""Everything that can be done with a case at the desk."""


async def at_hand(
    session: AsyncSession,
    complaint: Complaint,
    member: StaffMember,
    language: Language,
    *,
    siblings: Sequence[Complaint] = (),
    holds_conversation: bool,
    now: datetime,
) -> CaseAtHand:
    """The case as this person has it before them."""
    people: Sequence[Candidate] = ()
    if may(member, Act.ASSIGN) and not complaint.state.is_settled:
        people = in_order(await candidates(session, now=now), complaint)
    return CaseAtHand(
        session,
        complaint,
        member,
        language,
        holds_conversation,
        now,
        plans=await plans_of(session, complaint),
        approvals=await approvals_of(session, complaint),
        tasks=await tasks_of(session, complaint),
        rechecks=await rechecks_of(session, complaint),
        closings=await closings_of(session, complaint.id),
        siblings=[other for other in siblings if other is not complaint],
        tags=await tags_of(session, complaint),
        is_snoozed=await _is_snoozed(session, complaint, member, now=now),
        repeats=await _repeats(session, complaint, member, now=now),
        parent=await parent_of(session, complaint),
        children=await children_of(session, complaint),
        colleagues=people,
    )


def seen_by(member: StaffMember) -> ColumnElement[bool]:
    """Which complaints the person may see, as a condition of the database."""
    return Viewer(member, organisation()).sees_where(Complaint.outlet_code)


async def _is_snoozed(session: AsyncSession, complaint: Complaint, member: StaffMember, *, now: datetime) -> bool:
    query = select(is_snoozed(member.id, now)).where(Complaint.id == complaint.id)
    return bool(await session.scalar(query))


async def _repeats(
    session: AsyncSession, complaint: Complaint, member: StaffMember, *, now: datetime
) -> Sequence[Repeat]:
    """Nothing is proposed for a settled case: what belonged together was put together."""
    if complaint.state.is_settled:
        return ()
    return await likely_repeats(session, complaint, seen=seen_by(member), now=now)


def _shown(name: str, offer: Offer, language: Language) -> dict[str, Any]:
    label = word(f"act_{name}", language)
    return {
        "name": name,
        "label": label,
        "hint": word_or(f"act_{name}_hint", "", language),
        "confirm": word_or(f"act_{name}_confirm", label, language),
        "place": offer.place,
        "target": offer.target,
        "tone": offer.tone,
        "fields": [
            {
                "name": field.name,
                "label": word_or(f"field_{name}_{field.name}", word_or(f"field_{field.name}", "", language), language),
                "kind": field.kind,
                "isRequired": field.is_required,
                "longest": field.longest,
                "options": [{"value": value, "label": shown} for value, shown in field.options],
            }
            for field in offer.fields
        ],
    }


def _text(value: Any) -> str:
    """What a browser sent as text, without the character that PostgreSQL cannot keep."""
    return value.replace("\x00", "") if isinstance(value, str) else ""
