"""Who stands where in the queue."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.complaints.labels import Cause, Product, Tier
from bot.complaints.lifecycle import State
from bot.conversations.models import Author, Holder
from bot.desk.queue import ComplaintInQueue, QueueEntry, QueueFilter, Viewer, entries_for, is_chosen
from bot.desk.rows import row_of
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import load_organisation

ORGANISATION = load_organisation()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def a_person(unit_code: str = "HB", role: Role = Role.SUPERVISOR) -> StaffMember:
    return StaffMember(id=uuid.uuid4(), username="li", name="李经理", role=role, unit_code=unit_code)


def a_complaint(
    tier: Tier = Tier.ORDINARY, *, outlet_code: str | None = "HB-WH-WC-03", state: State = State.OPEN
) -> ComplaintInQueue:
    return ComplaintInQueue(
        id=uuid.uuid4(),
        number="TS-4821-7063-8",
        tier=tier,
        state=state,
        product=Product.SELF_SERVICE,
        cause=Cause.SYSTEMS_AND_EQUIPMENT,
        outlet_code=outlet_code,
        opened_at=NOW - timedelta(hours=1),
        due_at=NOW + timedelta(hours=1),
    )


def an_entry(
    *complaints: ComplaintInQueue,
    waits_for_minutes: int | None = None,
    reason: str | None = None,
    held_by: uuid.UUID | None = None,
) -> QueueEntry:
    waiting_since = None if waits_for_minutes is None else NOW - timedelta(minutes=waits_for_minutes)
    return QueueEntry(
        conversation_id=uuid.uuid4(),
        channel="webchat",
        customer_name=None,
        language="zh",
        holder=Holder.STAFF if held_by else Holder.QUEUE if waiting_since else Holder.BOT,
        held_by=held_by,
        holder_name="王主任" if held_by else None,
        waiting_since=waiting_since,
        reason=reason,
        last_message_at=NOW,
        started_at=NOW - timedelta(hours=2),
        last_author=Author.CUSTOMER,
        last_text="卡被吞了",
        complaints=complaints,
    )


def test_the_most_pressing_tier_comes_first_and_then_whoever_has_waited_longest() -> None:
    ordinary = an_entry(a_complaint(), waits_for_minutes=50)
    complex_one = an_entry(a_complaint(Tier.COMPLEX), waits_for_minutes=5)
    urgent_late = an_entry(a_complaint(Tier.URGENT), waits_for_minutes=2)
    urgent_early = an_entry(a_complaint(Tier.URGENT), waits_for_minutes=9)
    crisis = an_entry(reason="crisis", waits_for_minutes=1)
    seen = entries_for([ordinary, urgent_late, crisis, complex_one, urgent_early], Viewer(a_person(), ORGANISATION))
    assert seen == [urgent_early, urgent_late, crisis, complex_one, ordinary]


def test_a_settled_urgent_complaint_no_longer_presses() -> None:
    entry = an_entry(a_complaint(), a_complaint(Tier.URGENT, state=State.RESOLVED))
    assert entry.tier_for(Viewer(a_person(), ORGANISATION)) is Tier.ORDINARY


def test_people_see_their_own_units_conversations_only() -> None:
    wuchang, yichang = an_entry(a_complaint()), an_entry(a_complaint(outlet_code="HB-YC-XL-01"))
    without_complaint = an_entry(waits_for_minutes=1)
    seen = entries_for([wuchang, yichang, without_complaint], Viewer(a_person("HB-WH-WC"), ORGANISATION))
    assert seen == [wuchang, without_complaint]


def test_the_filters_pick_the_waiting_mine_and_all_that_is_open() -> None:
    me = a_person()
    waiting = an_entry(waits_for_minutes=1)
    mine = an_entry(held_by=me.id)
    colleagues = an_entry(held_by=uuid.uuid4())
    with_bot = an_entry(a_complaint())
    everything = [waiting, mine, colleagues, with_bot]
    chosen = {f: [entry for entry in everything if is_chosen(entry, me, f)] for f in QueueFilter}
    assert chosen == {QueueFilter.WAITING: [waiting], QueueFilter.MINE: [mine], QueueFilter.OPEN: everything}


def test_a_row_says_customer_matter_and_holder_in_the_viewers_language() -> None:
    me = a_person()
    entry = an_entry(a_complaint(Tier.COMPLEX), held_by=uuid.uuid4())
    chinese, english = (row_of(entry, Viewer(me, ORGANISATION), language) for language in ("zh", "en"))
    assert chinese["subject"] == "自助设备 · 服务设施、设备、业务系统"
    assert english["subject"] == "Cash machines and self-service · Premises, equipment and systems"
    assert (chinese["tierName"], english["tierName"]) == ("复杂", "Complex")
    assert chinese["outlet"] == "司门口支行"
    assert chinese["holder"] == "王主任"
    assert chinese["customer"].startswith("访客 ") and english["customer"].startswith("Visitor ")


def test_a_message_without_words_shows_what_was_sent() -> None:
    entry = replace(an_entry(a_complaint()), last_text="", last_attachment="photo")
    assert row_of(entry, Viewer(a_person(), ORGANISATION), "zh")["snippet"] == "[照片]"
