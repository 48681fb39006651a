"""Use cases of a case: each is one function that works in the caller's transaction and leaves an audit record.

Customers' steps come through the assistant, staff's through the desk; both end here.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import record
from bot.complaints.assignment import seek_handler
from bot.complaints.case_number import new_case_number
from bot.complaints.deadline_watch import watch
from bot.complaints.deadlines import DeadlineName, deadline_policy, deadlines_for
from bot.complaints.follows import tell_followers
from bot.complaints.funnel import Evidence, History, TierDecision, decide_tier, funnel_policy
from bot.complaints.labels import Cause, Emotion, Product, Signal, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.lifecycle import CaseStep, State, legal_steps
from bot.complaints.models import Complaint, Fact, LearnEntry, NoticeKind
from bot.complaints.people import responsible_unit
from bot.complaints.similar import read_addition, read_story
from bot.complaints.tiers import deadline_record, enter_tier, note_tier, promise, sinking, tier_record

SAME_MATTER_WITHIN = timedelta(days=180)
"""Earlier complaints of a customer about the same product within this time are taken as the same matter."""

NOT_BEGUN = frozenset({State.OPEN, State.ASSIGNED, State.REOPENED})

DISSATISFIED_UP_TO = 2
"""A rating of this or less reopens the case."""


@dataclass(frozen=True)
class StatedFact:
    """Something the customer stated, in their words.

    Attributes:
        name: `outlet`, `occurred`, `amount`, `wish`, `phone` or `addition`.
        amount_fen: hundredths of the currency, for an amount.
        day: the calendar day, where the words name one.
    """

    name: str
    text: str = field(repr=False)
    amount_fen: int | None = None
    currency: str | None = None
    day: date | None = None


@dataclass(frozen=True)
class SignalShown:
    """A signal and the words that show it: `[start, end, text]` in the customer's text."""

    name: Signal
    words: tuple[int, int, str]


@dataclass(frozen=True)
class Statement:
    """What was understood of a customer's words."""

    product: Product | None = None
    cause: Cause | None = None
    emotion: Emotion | None = None
    signals: tuple[SignalShown, ...] = ()
    tier_probabilities: Mapping[Tier, float] = field(default_factory=dict)
    facts: tuple[StatedFact, ...] = ()

    def evidence(self) -> Evidence:
        """The statement as the funnel reads it; of several amounts, the largest counts."""
        largest = max(
            (f for f in self.facts if f.amount_fen is not None), key=lambda f: f.amount_fen or 0, default=None
        )
        return Evidence(
            signals=frozenset(shown.name for shown in self.signals),
            tier_probabilities=dict(self.tier_probabilities),
            emotion=self.emotion,
            product=self.product,
            cause=self.cause,
            amount_fen=largest.amount_fen if largest else None,
            currency=(largest.currency if largest else None) or "CNY",
        )


@dataclass(frozen=True)
class Draft:
    """A complaint as told, about to be opened."""

    conversation_id: uuid.UUID
    turn_id: str | None
    """The turn in which it was told; None for what staff found in another complaint."""
    language: str
    story: str = field(repr=False)
    statement: Statement
    outlet_code: str | None = None

    @property
    def phone(self) -> str | None:
        """The number to be called on, if one was given."""
        return next((fact.text for fact in self.statement.facts if fact.name == "phone"), None)


async def history_of(
    session: AsyncSession,
    conversation_id: uuid.UUID,
    product: Product | None,
    *,
    now: datetime,
    phone: str | None = None,
    besides: uuid.UUID | None = None,
) -> History:
    """The customer's earlier complaints on the same matter: same chat or same telephone, same product, lately."""
    same_customer = Complaint.conversation_id == conversation_id
    if phone is not None:
        same_customer = or_(same_customer, Complaint.contact_phone == phone)
    query = (
        select(Complaint)
        .where(same_customer, Complaint.product == product, Complaint.opened_at > now - SAME_MATTER_WITHIN)
        .where(Complaint.state.not_in((State.WITHDRAWN, State.MERGED)))
        .order_by(Complaint.opened_at)
    )
    earlier = [found for found in await session.scalars(query) if found.id != besides]
    return History(
        earlier_count=len(earlier),
        unsettled_count=sum(not complaint.state.is_settled for complaint in earlier),
        deadline_missed_on_complex=any(
            complaint.tier >= Tier.COMPLEX and any(d.met_at is None and d.due_at < now for d in complaint.deadlines)
            for complaint in earlier
        ),
        last_tier=earlier[-1].tier if earlier else None,
    )


async def open_complaint(session: AsyncSession, draft: Draft, *, now: datetime) -> Complaint:
    """Register a complaint: number, tier with reasons, deadlines, facts.

    A turn that is taken again after a crash gets the complaint that it has already opened; taken twice at once, the
    second waits for the first.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(draft.turn_id, 0))))
    opened = await session.scalar(select(Complaint).where(Complaint.opened_by_turn == draft.turn_id))
    if opened is not None:
        return opened
    statement = draft.statement
    history = await history_of(session, draft.conversation_id, statement.product, now=now, phone=draft.phone)
    decision = decide_tier(statement.evidence(), history, funnel_policy())
    complaint = filed(draft, decision, await free_number(session), opened_at=now, now=now)
    session.add(complaint)
    record(session, at=now, actor="customer", action="open_complaint", subject=complaint.number, tier=decision.tier)
    await watch(session, complaint, now=now)
    await seek_handler(session, complaint, now=now)
    await read_story(session, complaint)
    return complaint


def filed(draft: Draft, decision: TierDecision, number: str, *, opened_at: datetime, now: datetime) -> Complaint:
    """The complaint of a draft, with its facts, its tier and its dates.

    Args:
        opened_at: when the customer told it; the legal clock runs from then.
    """
    statement = draft.statement
    dates = deadlines_for(decision.tier, now, deadline_policy(), opened_at)
    return Complaint(
        id=uuid.uuid4(),
        number=number,
        conversation_id=draft.conversation_id,
        opened_by_turn=draft.turn_id,
        state=State.OPEN,
        tier=decision.tier,
        language=draft.language,
        product=statement.product,
        cause=statement.cause,
        emotion=statement.emotion,
        signals=_signals_as_json(statement.signals),
        tier_probabilities={tier.value: p for tier, p in statement.tier_probabilities.items()},
        story=draft.story,
        outlet_code=draft.outlet_code,
        unit_code=responsible_unit(draft.outlet_code, decision.tier),
        contact_phone=draft.phone,
        opened_at=opened_at,
        state_since=now,
        reopened_count=0,
        facts=[_fact(stated, now) for stated in statement.facts],
        tier_decisions=[tier_record(decision, previous=None, decided_by="funnel", now=now)],
        deadlines=[deadline_record(date, now=now) for date in dates],
        learn_record=[],
        follows=[],
    )


async def add_to_complaint(
    session: AsyncSession, complaint: Complaint, text: str, statement: Statement, *, now: datetime
) -> TierDecision:
    """The customer adds to a complaint, or corrects a fact of it; what is new may raise its tier.

    Returns:
        The decision on the tier, raised or not.
    """
    if text:
        complaint.facts.append(Fact(name="addition", text=text, stated_at=now))
        await read_addition(session, complaint, now=now)
    for stated in statement.facts:
        complaint.facts.append(_fact(stated, now))
        if stated.name == "phone":
            complaint.contact_phone = stated.text
    known = {signal["name"] for signal in complaint.signals}
    complaint.signals = complaint.signals + _signals_as_json(s for s in statement.signals if s.name not in known)
    evidence = _evidence_so_far(complaint, statement)
    history = await history_of(
        session,
        complaint.conversation_id,
        complaint.product,
        now=now,
        phone=complaint.contact_phone,
        besides=complaint.id,
    )
    decision = decide_tier(evidence, history, funnel_policy(), current=complaint.tier)
    if decision.tier > complaint.tier and not _was_lowered_despite(complaint, decision):
        await enter_tier(session, complaint, decision, decided_by="funnel", now=now)
    record(session, at=now, actor="customer", action="add_to_complaint", subject=complaint.number, tier=complaint.tier)
    return decision


def _was_lowered_despite(complaint: Complaint, decision: TierDecision) -> bool:
    """Whether people lowered the tier knowing all that speaks for a higher one: only new facts raise it again."""
    last = complaint.tier_decisions[-1]
    was_lowered = last.previous_tier is not None and last.tier < last.previous_tier
    known = {reason["code"] for earlier in complaint.tier_decisions for reason in earlier.reasons}
    return was_lowered and {reason.code for reason in decision.reasons} <= known


def _evidence_so_far(complaint: Complaint, statement: Statement) -> Evidence:
    """An addition read together with what was known: a sum told first and an age told later belong to one case."""
    told = [fact for fact in complaint.facts if fact.amount_fen is not None]
    largest = max(told, key=lambda fact: fact.amount_fen or 0, default=None)
    return statement.evidence().model_copy(
        update={
            "signals": frozenset(Signal(signal["name"]) for signal in complaint.signals),
            "product": complaint.product,
            "cause": complaint.cause,
            "amount_fen": largest.amount_fen if largest else None,
            "currency": (largest.currency if largest else None) or "CNY",
        }
    )


def record_learn(complaint: Complaint, step: LearnStep, what: str, *, by: str, now: datetime) -> None:
    """Note that a LEARN step was done for this complaint."""
    complaint.learn_record.append(LearnEntry(step=step, what=what, by=by, done_at=now))


async def find_by_number(session: AsyncSession, number: str) -> Complaint | None:
    """The complaint with this case number."""
    found: Complaint | None = await session.scalar(select(Complaint).where(Complaint.number == number))
    return found


async def complaints_of(session: AsyncSession, conversation_id: uuid.UUID) -> Sequence[Complaint]:
    """The complaints told in a conversation, newest first."""
    query = select(Complaint).where(Complaint.conversation_id == conversation_id).order_by(Complaint.opened_at.desc())
    return list(await session.scalars(query))


async def unsettled_complaint_of(session: AsyncSession, conversation_id: uuid.UUID) -> Complaint | None:
    """The newest complaint of a conversation that is still being worked on."""
    return next((c for c in await complaints_of(session, conversation_id) if not c.state.is_settled), None)


def withdraw(session: AsyncSession, complaint: Complaint, *, now: datetime, actor: str = "customer") -> None:
    """The customer withdraws (Order No. 3 of 2020, article 15).

    Raises:
        IllegalStep: the case is already settled.
    """
    complaint.take(CaseStep.WITHDRAW, now=now)
    complaint.meet_deadlines(now=now)
    record(session, at=now, actor=actor, action="withdraw", subject=complaint.number)
    tell_followers(session, complaint, NoticeKind.WITHDRAWN, by=actor, now=now)


def resolve(session: AsyncSession, complaint: Complaint, result: str, *, actor: str, now: datetime) -> None:
    """Staff settles the case with a result. A case settled on the spot passes through the steps in between.

    A plan that lies before the customer is answered by the customer first.

    Raises:
        IllegalStep: the case's state does not allow it.
        ValueError: there is no result to tell the customer.
    """
    if not result.strip():
        raise ValueError("A complaint is resolved with a result that the customer is told; write one.")
    pass_through_to(complaint, CaseStep.RESOLVE, now=now)
    complaint.take(CaseStep.RESOLVE, now=now)
    complaint.result = result.strip()
    complaint.resolved_at = now
    complaint.resolved_by = actor
    complaint.result_accepted = None
    complaint.meet_deadlines(now=now)
    record(session, at=now, actor=actor, action="resolve", subject=complaint.number)
    tell_followers(session, complaint, NoticeKind.RESOLVED, by=actor, now=now)


def pass_through_to(complaint: Complaint, step: CaseStep, *, now: datetime) -> None:
    """Take the steps that lie between a case nobody has begun and what is done with it on the spot."""
    for between in (CaseStep.ASSIGN, CaseStep.START):
        if complaint.state not in NOT_BEGUN or step in legal_steps(complaint.state):
            return
        if between in legal_steps(complaint.state):
            complaint.take(between, now=now)


def first_contact_made(session: AsyncSession, complaint: Complaint, *, actor: str, now: datetime) -> None:
    """A person has spoken with the customer."""
    if any(deadline.name == DeadlineName.FIRST_CONTACT for deadline in complaint.running_deadlines):
        complaint.meet_deadlines(DeadlineName.FIRST_CONTACT, now=now)
        record(session, at=now, actor=actor, action="first_contact", subject=complaint.number)


def accept_result(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """The customer accepts the result."""
    complaint.result_accepted = True
    record(session, at=now, actor="customer", action="accept_result", subject=complaint.number)


async def reject_result(session: AsyncSession, complaint: Complaint, *, now: datetime) -> None:
    """The customer does not accept the result: the case is reopened one tier higher."""
    complaint.result_accepted = False
    record(session, at=now, actor="customer", action="reject_result", subject=complaint.number)
    await _reopen(session, complaint, "result_rejected", now=now)


async def rate(session: AsyncSession, complaint: Complaint, rating: int, *, now: datetime) -> bool:
    """The customer rates how the case was settled; a bad rating reopens it one tier higher.

    Args:
        rating: 1 (worst) to 5.

    Returns:
        Whether the case was reopened.

    Raises:
        ValueError: the rating is not 1 to 5.
    """
    if not 1 <= rating <= 5:
        raise ValueError(f"A rating is 1 to 5, not {rating}")
    complaint.rating = rating
    complaint.rated_at = now
    record(session, at=now, actor="customer", action="rate", subject=complaint.number, rating=rating)
    if rating > DISSATISFIED_UP_TO or not complaint.state.is_settled:
        return False
    await _reopen(session, complaint, "low_rating", now=now)
    return True


def comment_on_rating(session: AsyncSession, complaint: Complaint, comment: str, *, now: datetime) -> None:
    """The customer's word beside the rating."""
    complaint.rating_comment = comment
    record(session, at=now, actor="customer", action="comment_on_rating", subject=complaint.number)


async def _reopen(session: AsyncSession, complaint: Complaint, why: str, *, now: datetime) -> None:
    """Take a settled case up again one tier higher; its clocks start anew."""
    complaint.take(CaseStep.REOPEN, now=now)
    complaint.reopened_count += 1
    note_tier(complaint, sinking(complaint.tier, why), decided_by="funnel", now=now)
    promise(complaint, deadlines_for(complaint.tier, now, deadline_policy()), now=now)
    await watch(session, complaint, now=now)
    await seek_handler(session, complaint, now=now)
    record(session, at=now, actor="system", action="reopen", subject=complaint.number, why=why, tier=complaint.tier)
    tell_followers(session, complaint, NoticeKind.REOPENED, by="system", now=now)


async def free_number(session: AsyncSession) -> str:
    """A case number that no complaint has."""
    while True:
        number = new_case_number()
        if not await session.scalar(select(func.count()).where(Complaint.number == number)):
            return number


def _fact(stated: StatedFact, now: datetime) -> Fact:
    return Fact(
        name=stated.name,
        text=stated.text,
        amount_fen=stated.amount_fen,
        currency=stated.currency,
        day=stated.day,
        stated_at=now,
    )


def _signals_as_json(signals: Iterable[SignalShown]) -> list[dict[str, object]]:
    return [{"name": shown.name.value, "words": list(shown.words)} for shown in signals]
