"""The people, customers and cases that stand in the pictures, told with the product's own use cases."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.complaints.approvals import ask_to_lower_tier
from bot.complaints.assignment import assign, name_lead, start
from bot.complaints.casework import StatedFact, complaints_of, first_contact_made
from bot.complaints.labels import Cause, Product, Signal, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.complaints.plans import submit_plan
from bot.complaints.tasks import ask_department
from bot.conversations.channel import InboundAttachment
from bot.conversations.handover import reply, take_over
from bot.conversations.models import Author, Conversation, Delivery, Message
from bot.conversations.notes import add_note
from bot.desk.conversation import milliseconds, shown_as
from bot.followups.plans import put_plan
from bot.staff.candidates import candidate, person_of
from bot.staff.models import Role, StaffMember
from bot.staff.organisation import organisation
from tests.conftest import FakeClock
from tests.integration.desk.scene import SWALLOWED_CARD, Scene

ALL_STEPS_BUT_THE_LAST = tuple(LearnStep)[:-1]
SWALLOWED_CARD_FACTS = (
    StatedFact("occurred", "今天早上八点多"),
    StatedFact("outlet", "司门口"),
    StatedFact("phone", "13800008888"),
)
LOSS = "理财经理说保本，现在亏了三万，我要投诉到银监局"
LOSS_FACTS = (StatedFact("amount", "三万", amount_fen=3_000_000), StatedFact("wish", "把亏的三万退给我"))
OTHERS: tuple[tuple[timedelta, str, str, Product, Cause, Tier, str, bool], ...] = (
    (timedelta(days=16), "王建军", "HB-WH-HY-01", Product.CREDIT_CARD, Cause.PRICING, Tier.ORDINARY,
     "信用卡多扣了一笔年费，说好刷满六次就免", False),
    (timedelta(days=9, hours=3), "何伟", "HB-WH-GG-01", Product.AGENCY_SALES, Cause.DISCLOSURE, Tier.COMPLEX,
     "买的时候没有人说是保险，要退保说只退一半", False),
    (timedelta(days=6), "罗芳", "HB-WH-WC-01", Product.COUNTER_SERVICE, Cause.SERVICE_ATTITUDE, Tier.ORDINARY,
     "排了一个半小时，大堂说我没取号", False),
    (timedelta(days=4, hours=2), "高静", "HB-WH-HS-01", Product.PERSONAL_LOAN, Cause.RULES_AND_PROCESS, Tier.ORDINARY,
     "房贷提前还款排到明年三月，利息照收", False),
    (timedelta(days=2), "杨敏", "HB-WH-JA-01", Product.CREDIT_REPORT, Cause.INFORMATION_SAFETY, Tier.COMPLEX,
     "贷款早还清了，征信上还写着逾期", False),
    (timedelta(days=1, hours=5), "马丽", "HB-WH-WC-03", Product.PAYMENT, Cause.SYSTEMS_AND_EQUIPMENT, Tier.ORDINARY,
     "手机银行转账一直转圈，钱扣了对方没有收到", False),
    (timedelta(hours=20), "黄军", "HB-WH-WC-02", Product.SAVINGS, Cause.RULES_AND_PROCESS, Tier.ORDINARY,
     "老人的存单要本人来，可是老人躺在医院里", False),
    (timedelta(hours=3), "朱洋", "HB-WH-HY-02", Product.ELECTRONIC_BANKING, Cause.SYSTEMS_AND_EQUIPMENT, Tier.ORDINARY,
     "换了手机号，短信验证码一直收不到", False),
    (timedelta(minutes=25), "胡强", "HB-WH-JH-01", Product.DEBIT_CARD, Cause.RULES_AND_PROCESS, Tier.ORDINARY,
     "工资卡被限制转账，跑了两趟都没解开", True),
)  # fmt: skip
"""How long ago, who, where, about what, and whether they wait for a person."""
PEOPLE = (
    ("wang", "王倩", Role.HANDLER, "HB-WH-WC-03"),
    ("li", "李芳", Role.SUPERVISOR, "HB-WH-WC-03"),
    ("zhou", "周敏", Role.COORDINATOR, "HB-WH"),
    ("sun", "孙立", Role.COORDINATOR, "HB-WH"),
    ("wu", "吴刚", Role.TASK_FORCE, "HB"),
    ("he", "何静", Role.OFFICE_SUPERVISOR, "HB"),
    ("xu", "徐航", Role.ADMINISTRATOR, "HB"),
    ("ma", "马超", Role.AUDITOR, "HB"),
    ("deng", "邓琳", Role.INSPECTOR, "HB"),
)


@dataclass
class Town:
    """Everybody, by username, and the conversations that are shown, by tier."""

    scene: Scene
    clock: FakeClock
    people: dict[str, StaffMember]
    conversations: dict[Tier, uuid.UUID]

    async def rung(self) -> list[str]:
        """For which alarms a browser has rung before: as `queue.js` notes them."""
        urgent = select(Conversation).join(Complaint, Complaint.conversation_id == Conversation.id)
        async with self.scene.database.transaction() as session:
            waiting = await session.scalars(urgent.where(Complaint.tier == Tier.URGENT))
            return [f"{one.id}{milliseconds(one.waiting_since)}" for one in waiting]

    async def speak(self, language: str) -> None:
        """Everybody reads this language from now on."""
        async with self.scene.database.transaction() as session:
            await session.execute(update(StaffMember).values(language=language))


async def build(scene: Scene, clock: FakeClock) -> Town:
    """The whole town, at an hour that is the same every time."""
    people = {
        username: await scene.member(username, name=name, role=role, unit_code=unit)
        for username, name, role, unit in PEOPLE
    }
    town = Town(scene, clock, people, {})
    await _others(town)
    for tier, tell in ((Tier.COMPLEX, _loss), (Tier.ORDINARY, _swallowed_card), (Tier.URGENT, _money_leaving)):
        town.conversations[tier] = await tell(town)
    await _english_customer(town)
    clock.advance(minutes=2)
    async with scene.database.transaction() as session:
        await session.execute(
            update(Message).where(Message.author != Author.CUSTOMER).values(delivery=Delivery.DELIVERED)
        )
    return town


async def _others(town: Town) -> None:
    """Other customers of these weeks, so that the queue looks as it does at work."""
    today = town.clock()
    for place, (ago, name, outlet, product, cause, tier, story, is_waiting) in enumerate(OTHERS):
        town.clock.now = today - ago
        conversation_id = await town.scene.customer_writes(story, name=name)
        complaint = await town.scene.complaint(
            conversation_id, story=story, outlet_code=outlet, product=product, cause=cause, tier=tier
        )
        await _number(town, complaint, f"TS-{4100 + 37 * place}-{2203 + 611 * place}-{place % 10}")
        if is_waiting:
            await town.scene.person_is_called(conversation_id)
        else:
            await town.scene.bot_says(conversation_id, "已经登记了，网点会给您打电话。")
    town.clock.now = today


async def _swallowed_card(town: Town) -> uuid.UUID:
    """Ordinary: the outlet's supervisor is with the customer, and a plan is agreed."""
    photo = InboundAttachment("document", "application/pdf", "吞卡凭条.pdf", b"%PDF-1.4" + b" " * 48_000)
    conversation_id = await town.scene.customer_writes(SWALLOWED_CARD, name="张建国")
    town.clock.advance(seconds=8)
    await town.scene.bot_says(
        conversation_id, "卡被吞了，又赶着给孩子交学费，换谁都着急。方便说一下是今天几点的事吗？", "今天上午", "昨天"
    )
    town.clock.advance(seconds=40)
    key = await town.scene.key_of(conversation_id)
    await town.scene.customer_writes("今天早上八点多", key=key)
    await town.scene.customer_writes("凭条在这里，电话 13800008888", key=key, attachment=photo)
    complaint = await town.scene.complaint(conversation_id, facts=SWALLOWED_CARD_FACTS, steps=ALL_STEPS_BUT_THE_LAST)
    await _number(town, complaint, "TS-2046-1187-3")
    await town.scene.person_is_called(conversation_id, "asked_for_human")
    town.clock.advance(minutes=1)
    await _answer(town, conversation_id, "li", "张先生您好，我是司门口支行李芳。机器已经停用，正在取卡。")
    await _give(town, complaint, "wang")
    town.clock.advance(minutes=3)
    async with town.scene.database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint.id)
        plan = "卡今天上午从机器里取出。请您带身份证到司门口支行领取，不收手续费；学费缴费单我们当场帮您办好。"
        await submit_plan(session, complaint, plan, by=person_of(town.people["wang"]), now=town.clock())
        for kind in (NoticeKind.ASSIGNED, NoticeKind.MENTIONED, NoticeKind.HALF_TIME):
            notify(session, complaint, kind, now=town.clock(), staff_id=town.people["wang"].id)
    return conversation_id


async def _loss(town: Town) -> uuid.UUID:
    """Complex: a plan before the customer, a department asked, a lower tier that waits for somebody's agreement."""
    conversation_id = await town.scene.customer_writes(LOSS, name="刘秀英")
    town.clock.advance(seconds=6)
    await town.scene.bot_says(conversation_id, "三万块不是小数，听到「保本」才买的，现在亏了，您生气我们明白。")
    complaint = await town.scene.complaint(
        conversation_id,
        story=LOSS,
        product=Product.WEALTH_MANAGEMENT,
        cause=Cause.MARKETING,
        signals=((Signal.REGULATOR_THREAT, "投诉到银监局"),),
        facts=LOSS_FACTS,
        steps=ALL_STEPS_BUT_THE_LAST,
    )
    await _number(town, complaint, "TS-3391-5520-8")
    await town.scene.person_is_called(conversation_id, "complex")
    town.clock.advance(minutes=4)
    await _answer(town, conversation_id, "zhou", "刘女士您好，我是武汉市分行周敏，您的事由我来办。")
    await _give(town, complaint, "zhou")
    async with town.scene.database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint.id)
        zhou, sun, now = person_of(town.people["zhou"]), person_of(town.people["sun"]), town.clock()
        due_at = now + timedelta(days=2)
        await ask_department(
            session, complaint, "个人金融部", "调取销售时的双录和风险测评", due_at=due_at, by=zhou, now=now
        )
        plan = await submit_plan(
            session, complaint, "三日内请您一起看销售录像；若有不实承诺，按规定处理并书面答复。", by=zhou, now=now
        )
        await put_plan(session, complaint, plan, actor=zhou.actor, now=now)
        reason = "客户已说不再找监管，网点可以当面说明"
        await ask_to_lower_tier(session, complaint, Tier.ORDINARY, reason, by=sun, now=now)
        note = "@sun 双录编号已经发给你，下午两点前看完。"
        await add_note(session, conversation_id, town.people["zhou"].id, note, username="zhou", now=now)
    return conversation_id


async def _money_leaving(town: Town) -> uuid.UUID:
    """Urgent: money is leaving, nobody has taken the conversation over yet; the task force has a lead."""
    conversation_id = await town.scene.urgent_case(name="陈丽华")
    await town.scene.bot_says(
        conversation_id, "先别慌。请马上在手机银行里冻结这张卡，或拨打 95580 挂失。我已经把专人叫来了。"
    )
    async with town.scene.database.transaction() as session:
        complaint = await _complaint_of(session, conversation_id)
        lead = await candidate(session, town.people["wu"].id)
        await name_lead(session, complaint, lead, actor="staff:wu", now=town.clock())
        complaint.number = "TS-7715-0042-6"
    return conversation_id


async def _english_customer(town: Town) -> None:
    conversation_id = await town.scene.customer_writes("I was charged twice for one taxi ride", name="Anna Weber")
    await town.scene.person_is_called(conversation_id)
    async with town.scene.database.transaction() as session:
        (await session.get_one(Conversation, conversation_id)).language = "en"


async def _answer(town: Town, conversation_id: uuid.UUID, username: str, text: str) -> None:
    person = town.people[username]
    async with town.scene.database.transaction() as session:
        called = shown_as(person, "zh", organisation())
        await take_over(session, conversation_id, person.id, username=username, shown_as=called, now=town.clock())
        for complaint in await complaints_of(session, conversation_id):
            first_contact_made(session, complaint, actor=f"staff:{username}", now=town.clock())
        await reply(session, conversation_id, person.id, text, now=town.clock())


async def _give(town: Town, complaint: Complaint, username: str) -> None:
    async with town.scene.database.transaction() as session:
        complaint = await session.get_one(Complaint, complaint.id)
        handler = await candidate(session, town.people[username].id)
        await assign(session, complaint, handler, actor=f"staff:{username}", now=town.clock())
        start(session, complaint, actor=f"staff:{username}", now=town.clock())


async def _number(town: Town, complaint: Complaint, number: str) -> None:
    """Give a case a number that is the same in every picture."""
    async with town.scene.database.transaction() as session:
        (await session.get_one(Complaint, complaint.id)).number = number


async def _complaint_of(session: AsyncSession, conversation_id: uuid.UUID) -> Complaint:
    return (await session.scalars(select(Complaint).where(Complaint.conversation_id == conversation_id))).one()
