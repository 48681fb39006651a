"""How the queue's rows read."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.complaints.labels import Cause, Product, Tier
from bot.complaints.lifecycle import State
from bot.conversations.models import Author, Holder
from bot.desk.queue import ComplaintInQueue, Place, QueueEntry, QueueOrder, Viewer, in_order
from bot.desk.rows import row_of
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import load_organisation

ORGANISATION = load_organisation()
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def a_person(unit_code: str = "HB", role: Role = Role.SUPERVISOR) -> StaffMember:
    return StaffMember(id=uuid.uuid4(), username="li", name="李经理", role=role, unit_code=unit_code)


def a_place(tier: Tier = Tier.ORDINARY, *, waits_for_minutes: int = 60, due_in_hours: int | None = 1) -> Place:
    due_at = None if due_in_hours is None else NOW + timedelta(hours=due_in_hours)
    return Place(uuid.uuid4(), tier, NOW - timedelta(minutes=waits_for_minutes), due_at)


def an_entry(tier: Tier = Tier.ORDINARY, *, held_by: uuid.UUID | None = None) -> QueueEntry:
    return QueueEntry(
        place=a_place(tier),
        channel="webchat",
        customer_name=None,
        holder=Holder.STAFF if held_by else Holder.BOT,
        held_by=held_by,
        holder_name="王主任" if held_by else None,
        reason=None,
        last_author=Author.CUSTOMER,
        last_text="卡被吞了",
        complaint=ComplaintInQueue(
            id=uuid.uuid4(),
            number="TS-4821-7063-8",
            state=State.OPEN,
            product=Product.SELF_SERVICE,
            cause=Cause.SYSTEMS_AND_EQUIPMENT,
            outlet_code="HB-WH-WC-03",
            handler_name="李经理",
        ),
    )


def test_the_order_by_deadline_heeds_no_tier_and_puts_last_what_has_none() -> None:
    late, soon, never = a_place(due_in_hours=-3), a_place(Tier.URGENT, due_in_hours=2), a_place(due_in_hours=None)
    assert in_order([never, soon, late], QueueOrder.DEADLINE) == [late, soon, never]
    assert in_order([never, late, soon], QueueOrder.WAITING)[0] == soon


def test_a_row_says_customer_matter_and_holder_in_the_viewers_language() -> None:
    me = a_person()
    entry = an_entry(Tier.COMPLEX, held_by=uuid.uuid4())
    chinese, english = (row_of(entry, Viewer(me, ORGANISATION), language) for language in ("zh", "en"))
    assert chinese["subject"] == "自助设备 · 服务设施、设备、业务系统"
    assert english["subject"] == "Cash machines and self-service · Premises, equipment and systems"
    assert (chinese["tierName"], english["tierName"]) == ("复杂", "Complex")
    assert chinese["outlet"] == "司门口支行"
    assert (chinese["holder"], chinese["handler"]) == ("王主任", "李经理")
    assert chinese["customer"].startswith("访客 ") and english["customer"].startswith("Visitor ")


def test_a_message_without_words_shows_what_was_sent() -> None:
    entry = replace(an_entry(), last_text="", last_attachment="photo")
    assert row_of(entry, Viewer(a_person(), ORGANISATION), "zh")["snippet"] == "[照片]"
