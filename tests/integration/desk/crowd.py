"""Thousands of conversations with open complaints, written straight into the tables: for measurements and their tests."""

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.case_number import new_case_number
from bot.complaints.deadlines import DeadlineName, deadline_policy, deadlines_for
from bot.complaints.labels import Cause, Product, Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint, DeadlineRecord
from bot.complaints.people import responsible_unit
from bot.conversations.models import Author, Conversation, Holder, Message
from bot.database import Base, Database
from bot.staff.organisation import Organisation, UnitLevel

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
GIVEN_NAMES = ("秀英", "伟", "芳", "建国", "丽", "强", "敏", "静", "军", "洋")
STORIES = (
    "昨天在自助机上取钱，机器把我的卡吞了，到现在也没有人管",
    "信用卡多扣了一笔年费，打了三次客服电话都说已经登记",
    "理财经理说保本，结果亏了两万多，要求给个说法",
    "手机银行转账一直转圈，钱扣了对方没有收到",
    "柜台排队一个半小时，大堂人员态度很差",
)
TIERS = (Tier.ORDINARY,) * 16 + (Tier.COMPLEX,) * 3 + (Tier.URGENT,)
ROWS_AT_ONCE = 2000


async def a_crowd(
    database: Database,
    organisation: Organisation,
    *,
    count: int,
    now: datetime,
    messages: int = 6,
    waiting_each: int = 20,
    seed: int = 7,
) -> list[uuid.UUID]:
    """So many conversations, each with an open complaint, spread over all outlets and the last three weeks.

    Args:
        messages: in each conversation.
        waiting_each: every so many-th customer waits for a person.

    Returns:
        The conversations' ids.
    """
    chance = random.Random(seed)
    outlets = [unit.code for unit in organisation.units if unit.level is UnitLevel.OUTLET]
    people = [_person(place, now, chance, is_waiting=place % waiting_each == 0) for place in range(count)]
    cases = [_case(person["id"], person["started_at"], chance.choice(outlets), chance) for person in people]
    async with database.transaction() as session:
        await _add(session, Conversation, people)
        await _add(session, Complaint, cases)
        await _add(session, DeadlineRecord, [row for case in cases for row in _deadlines(case)])
        await _add(session, Message, [row for person in people for row in _messages(person, messages, chance)])
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")
    return [person["id"] for person in people]


def _person(place: int, now: datetime, chance: random.Random, *, is_waiting: bool) -> dict[str, Any]:
    started_at = now - timedelta(minutes=chance.randrange(1, 21 * 24 * 60))
    return {
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "channel": "webchat",
        "channel_key": f"crowd-{place}",
        "customer_name": chance.choice(SURNAMES) + chance.choice(GIVEN_NAMES),
        "language": "zh",
        "holder": Holder.QUEUE if is_waiting else Holder.BOT,
        "waiting_since": started_at if is_waiting else None,
        "handover_reason": "asked_for_human" if is_waiting else None,
        "started_at": started_at,
        "last_message_at": started_at,
    }


def _case(conversation_id: uuid.UUID, at: datetime, outlet: str, chance: random.Random) -> dict[str, Any]:
    tier = chance.choice(TIERS)
    return {
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "number": new_case_number(chance.randrange),
        "conversation_id": conversation_id,
        "state": State.OPEN,
        "tier": tier,
        "language": "zh",
        "product": chance.choice(list(Product)),
        "cause": chance.choice(list(Cause)),
        "story": chance.choice(STORIES),
        "outlet_code": outlet,
        "unit_code": responsible_unit(outlet, tier),
        "contact_phone": f"138{chance.randrange(10**8):08}",
        "opened_at": at,
        "state_since": at,
        "reopened_count": 0,
    }


def _deadlines(case: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for deadline in deadlines_for(case["tier"], case["opened_at"], deadline_policy()):
        yield {
            "complaint_id": case["id"],
            "name": deadline.name.value,
            "rule": deadline.rule.zh,
            "unit_code": case["unit_code"],
            "handler_id": case.get("handler_id"),
            "set_at": case["opened_at"],
            "due_at": deadline.due_at,
            "met_at": case["opened_at"] if deadline.name is DeadlineName.FIRST_CONTACT else None,
        }


def _messages(person: dict[str, Any], count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for place in range(count):
        yield {
            "conversation_id": person["id"],
            "author": Author.BOT if place % 2 else Author.CUSTOMER,
            "text": chance.choice(STORIES),
            "sent_at": person["started_at"] + timedelta(seconds=20 * place),
        }


async def _add(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await session.execute(insert(table), rows[start : start + ROWS_AT_ONCE])
