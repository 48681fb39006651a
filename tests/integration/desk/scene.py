"""Builders for the desk's tests: people, conversations and complaints as the assistant leaves them."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.complaints.casework import Draft, SignalShown, StatedFact, Statement, open_complaint, record_learn
from bot.complaints.labels import Cause, Emotion, Product, Signal, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.models import Complaint
from bot.conversations.channel import Inbound, InboundAttachment
from bot.conversations.handover import call_staff
from bot.conversations.inbound import Inbox
from bot.conversations.models import Conversation
from bot.conversations.outbound import say
from bot.database import Database
from bot.staff import passwords
from bot.staff.models import Role, StaffMember
from bot.wording import Saying

PASSWORD = "江水滔滔一路向东流去"
SWALLOWED_CARD = "司门口那台机器把我的卡吞了，我急着给孩子交学费"
MONEY_LEAVING = "有人正在把我卡里的钱转走"


@dataclass(frozen=True)
class Scene:
    """Puts people and conversations into the database."""

    database: Database
    clock: Clock

    async def member(
        self,
        username: str = "li",
        *,
        name: str = "李经理",
        role: Role = Role.SUPERVISOR,
        unit_code: str = "HB-WH-WC",
        language: str = "zh",
    ) -> StaffMember:
        """A person who has already chosen a password: `PASSWORD`."""
        member = StaffMember(
            id=uuid.uuid4(),
            username=username,
            name=name,
            role=role,
            unit_code=unit_code,
            password_hash=passwords.hasher().hash(PASSWORD),
            must_change_password=False,
            failed_count=0,
            language=language,
            is_active=True,
            created_at=self.clock(),
        )
        async with self.database.transaction() as session:
            session.add(member)
        return member

    async def customer_writes(
        self,
        text: str,
        *,
        key: str | None = None,
        name: str | None = None,
        channel: str = "webchat",
        attachment: InboundAttachment | None = None,
    ) -> uuid.UUID:
        """A customer's message arrives; in a new conversation unless a key of an earlier one is given.

        Returns:
            The conversation's id.
        """
        inbox = Inbox(self.database, self.clock, timedelta(seconds=1))
        received = await inbox.receive(
            Inbound(channel, key or uuid.uuid4().hex, uuid.uuid4().hex, text, customer_name=name, attachment=attachment)
        )
        return received.conversation_id

    async def key_of(self, conversation_id: uuid.UUID) -> str:
        """What the channel calls the conversation: with it the same customer writes again."""
        async with self.database.transaction() as session:
            return (await session.get_one(Conversation, conversation_id)).channel_key

    async def bot_says(self, conversation_id: uuid.UUID, text: str, *buttons: str) -> None:
        """The assistant answers."""
        async with self.database.transaction() as session:
            conversation = await session.get_one(Conversation, conversation_id)
            await say(session, conversation, Saying(text, buttons), now=self.clock())

    async def person_is_called(
        self, conversation_id: uuid.UUID, reason: str = "asked_for_human", *, at: datetime | None = None
    ) -> None:
        """The conversation enters the queue."""
        async with self.database.transaction() as session:
            conversation = await session.get_one(Conversation, conversation_id)
            await call_staff(session, conversation, reason, now=at or self.clock())

    async def complaint(
        self,
        conversation_id: uuid.UUID,
        *,
        story: str = SWALLOWED_CARD,
        outlet_code: str | None = "HB-WH-WC-03",
        product: Product = Product.SELF_SERVICE,
        cause: Cause = Cause.SYSTEMS_AND_EQUIPMENT,
        signals: tuple[tuple[Signal, str], ...] = (),
        facts: tuple[StatedFact, ...] = (),
        steps: tuple[LearnStep, ...] = (),
        opened_at: datetime | None = None,
        tier: Tier | None = None,
    ) -> Complaint:
        """A complaint is registered, with its signals and the words that show them."""
        shown = tuple(
            SignalShown(signal, (story.find(words), story.find(words) + len(words), words)) for signal, words in signals
        )
        statement = Statement(
            product=product,
            cause=cause,
            emotion=Emotion.ANXIOUS,
            signals=shown,
            tier_probabilities={tier: 0.99} if tier else {},
            facts=facts,
        )
        at = opened_at or self.clock()
        async with self.database.transaction() as session:
            draft = Draft(conversation_id, uuid.uuid4().hex, "zh", story, statement, outlet_code)
            complaint = await open_complaint(session, draft, now=at)
            for step in steps:
                record_learn(complaint, step, f"utter_{step}", by="bot", now=at)
        return complaint

    async def urgent_case(self, *, outlet_code: str | None = "HB-WH-WC-03", name: str | None = None) -> uuid.UUID:
        """A customer whose money is leaving waits for a person."""
        conversation_id = await self.customer_writes(MONEY_LEAVING, name=name)
        await self.complaint(
            conversation_id,
            story=MONEY_LEAVING,
            outlet_code=outlet_code,
            product=Product.DEBIT_CARD,
            cause=Cause.FUNDS_SAFETY,
            signals=((Signal.MONEY_LEAVING_NOW, "正在把我卡里的钱转走"),),
        )
        await self.person_is_called(conversation_id, "urgent")
        return conversation_id
