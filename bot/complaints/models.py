"""Tables of complaints: the case with its facts, tier decisions, LEARN record, deadlines, plans and satisfaction."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from bot.complaints.deadlines import DeadlineName
from bot.complaints.labels import Cause, Emotion, Label, Product, RootCause, Tier
from bot.complaints.learn import LearnStep
from bot.complaints.lifecycle import CaseStep, State, state_after
from bot.database import Base, Vector

LONGEST_DEPARTMENT = 60
"""Characters."""


class ApprovalKind(Label):
    """What is asked for."""

    LOWER_TIER = "lower_tier", "降低层级", "Lower the tier"
    EXTENSION = "extension", "延长期限", "More time to decide"


class LinkKind(Label):
    """How a complaint belongs to the other one."""

    DUPLICATE_OF = "duplicate_of", "重复投诉", "Duplicate of"
    SPLIT_FROM = "split_from", "拆分自", "Split from"
    SAME_MATTER = "same_matter", "同一事项", "Same matter as"
    PARENT = "parent", "上级案件", "Has as its parent"


class NoticeKind(Label):
    """Why somebody must look at a case."""

    HALF_TIME = "half_time", "期限过半", "Half of the time is gone"
    ONE_DAY_LEFT = "one_day_left", "距到期不足一天", "Less than a day left"
    WORKING_DAY_LEFT = "working_day_left", "距到期不足一个工作日", "Less than a working day left"
    DEADLINE_MISSED = "deadline_missed", "期限已过", "Deadline missed"
    ASSIGNED = "assigned", "新分派的案件", "A case was given to you"
    NOBODY_TO_ASSIGN = "nobody_to_assign", "案件暂无人可接", "Nobody can be given the case"
    MENTIONED = "mentioned", "备注里提到了您", "You are mentioned in a note"
    TASK_OVERDUE = "task_overdue", "部门逾期未答复", "A department has not answered in time"
    COMMENTED = "commented", "其他系统有新留言", "Another system has commented"
    SNOOZE_ENDED = "snooze_ended", "暂缓的案件到时间了", "A case that you put off is back"
    TOLD_BY_PARENT = "told_by_parent", "上级案件有通知", "Word from the parent case"
    STARTED = "started", "关注的案件：开始处理", "A case you follow: started"
    HANDLER_CHANGED = "handler_changed", "关注的案件：经办人有变", "A case you follow: another handler"
    TIER_CHANGED = "tier_changed", "关注的案件：级别有变", "A case you follow: another tier"
    PLAN_PUT = "plan_put", "关注的案件：方案已告知客户", "A case you follow: the plan was put to the customer"
    PLAN_ACCEPTED = "plan_accepted", "关注的案件：客户接受方案", "A case you follow: plan accepted"
    PLAN_REJECTED = "plan_rejected", "关注的案件：客户不接受方案", "A case you follow: plan rejected"
    RESOLVED = "resolved", "关注的案件：已办结", "A case you follow: resolved"
    RECHECK_ASKED = "recheck_asked", "关注的案件：客户申请核查", "A case you follow: a re-check was asked for"
    RECHECK_DECIDED = "recheck_decided", "关注的案件：核查已有决定", "A case you follow: the re-check was decided"
    WITHDRAWN = "withdrawn", "关注的案件：客户撤回", "A case you follow: withdrawn"
    CLOSED = "closed", "关注的案件：已归档", "A case you follow: closed"
    REOPENED = "reopened", "关注的案件：重新处理", "A case you follow: reopened"
    MERGED = "merged", "关注的案件：已并案", "A case you follow: merged into another"
    NOTED = "noted", "关注的案件：有新的备注", "A case you follow: a new note"


FOR_FOLLOWERS = frozenset(
    {
        NoticeKind.STARTED,
        NoticeKind.HANDLER_CHANGED,
        NoticeKind.TIER_CHANGED,
        NoticeKind.PLAN_PUT,
        NoticeKind.PLAN_ACCEPTED,
        NoticeKind.PLAN_REJECTED,
        NoticeKind.RESOLVED,
        NoticeKind.RECHECK_ASKED,
        NoticeKind.RECHECK_DECIDED,
        NoticeKind.WITHDRAWN,
        NoticeKind.CLOSED,
        NoticeKind.REOPENED,
        NoticeKind.MERGED,
        NoticeKind.NOTED,
    }
)
"""What only those are told who follow the case: they chose to look, and nothing is theirs to do."""


class CaseIsSettled(Exception):
    """What was tried needs a case in which something is still to be done."""


class Complaint(Base):
    """A customer's complaint, from the first word to the answer to «are you satisfied»."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index(
            "ix_complaints_unsettled",
            "conversation_id",
            postgresql_where=text("state NOT IN ('resolved', 'closed', 'withdrawn', 'merged')"),
        ),
        Index(
            "ix_complaints_unassigned",
            "next_assignment_at",
            postgresql_where=text("handler_id IS NULL AND state NOT IN ('resolved', 'closed', 'withdrawn', 'merged')"),
        ),
        Index("ix_complaints_resolved", "state_since", postgresql_where=text("state = 'resolved'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    conversation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("conversations.id"), index=True)
    opened_by_turn: Mapped[str | None] = mapped_column(String(60), unique=True)
    """The turn that opened it: a turn taken again after a crash finds its complaint instead of opening another."""
    state: Mapped[State]
    tier: Mapped[Tier]
    language: Mapped[str] = mapped_column(String(5))
    product: Mapped[Product | None]
    cause: Mapped[Cause | None]
    emotion: Mapped[Emotion | None]
    signals: Mapped[list[Any]] = mapped_column(default=list)
    """`[{"name": …, "words": [start, end, text]}]`."""
    tier_probabilities: Mapped[dict[str, Any]] = mapped_column(default=dict)
    story: Mapped[str] = mapped_column(Text)
    outlet_code: Mapped[str | None] = mapped_column(String(20))
    unit_code: Mapped[str | None] = mapped_column(String(20), index=True)
    """The unit that has to settle it at its tier; empty while nobody knows the outlet."""
    handler_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    lead_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    """Who leads the task force of an urgent case."""
    assigned_at: Mapped[datetime | None]
    next_assignment_at: Mapped[datetime | None]
    """When somebody to give it to is looked for without a job, while nobody has it; empty: at once."""
    contact_phone: Mapped[str | None] = mapped_column(String(30))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    state_since: Mapped[datetime]
    result: Mapped[str | None] = mapped_column(Text)
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(60))
    """`staff:<username>`: a re-check is never decided by the same person."""
    result_accepted: Mapped[bool | None]
    rating: Mapped[int | None]
    """1 (worst) to 5."""
    rating_comment: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None]
    reopened_count: Mapped[int] = mapped_column(default=0)

    facts: Mapped[list["Fact"]] = relationship(order_by="Fact.id", lazy="selectin")
    tier_decisions: Mapped[list["TierDecisionRecord"]] = relationship(order_by="TierDecisionRecord.id", lazy="selectin")
    learn_record: Mapped[list["LearnEntry"]] = relationship(order_by="LearnEntry.id", lazy="selectin")
    deadlines: Mapped[list["DeadlineRecord"]] = relationship(order_by="DeadlineRecord.due_at", lazy="selectin")
    follows: Mapped[list["Follow"]] = relationship(
        order_by="Follow.followed_at", lazy="selectin", cascade="all, delete-orphan"
    )

    @validates("unit_code", "handler_id")
    def _pass_on_deadlines(self, name: str, value: Any) -> Any:
        """Who gets the case has to keep the dates that are still to be kept; a missed one stays with who missed it."""
        for deadline in self.deadlines:
            if deadline.is_pending:
                setattr(deadline, name, value)
        return value

    @validates("deadlines")
    def _give_deadline(self, _name: str, deadline: "DeadlineRecord") -> "DeadlineRecord":
        deadline.unit_code, deadline.handler_id = self.unit_code, self.handler_id
        return deadline

    def take(self, step: CaseStep, *, now: datetime) -> None:
        """Move the case by one step.

        Raises:
            IllegalStep: its state does not allow the step.
        """
        self.state = state_after(self.state, step)
        self.state_since = now

    def require_unsettled(self) -> None:
        """Make sure that something is still to be done.

        Raises:
            CaseIsSettled: nothing is.
        """
        if self.state.is_settled:
            raise CaseIsSettled(f"{self.number} is settled («{self.state}»); reopen it first")

    @property
    def running_deadlines(self) -> list["DeadlineRecord"]:
        """The dates that the bank has not kept yet, missed ones too."""
        return [deadline for deadline in self.deadlines if deadline.met_at is None]

    def meet_deadlines(self, *names: DeadlineName, now: datetime) -> None:
        """What these deadlines ask for was done; without a name, what all of them ask for."""
        for deadline in self.running_deadlines:
            if not names or deadline.name in names:
                deadline.met_at = now


class StoryVector(Base):
    """Where what a customer told lies among all stories: the smaller the angle between two, the more alike they are."""

    __tablename__ = "story_vectors"
    __table_args__ = (
        Index(
            "ix_story_vectors_vector",
            "vector",
            postgresql_using="hnsw",
            postgresql_ops={"vector": "vector_cosine_ops"},
        ),
    )

    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True)
    vector: Mapped[list[float]] = mapped_column(Vector(384))
    made_with: Mapped[str] = mapped_column(String(80))
    """Encoder and version; only vectors of the same can be compared."""
    addition_count: Mapped[int] = mapped_column(default=0)
    """How many of the complaint's additions were read with its story. None is ever removed, so fewer than there are
    means that some are still to be read."""
    made_at: Mapped[datetime]


class Fact(Base):
    """Something that the customer stated, in their words: `outlet`, `occurred`, `amount`, `wish`, `phone`, `addition`.

    A corrected fact is added anew; the last one of a name counts, the earlier ones stay as history.
    """

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_additions", "complaint_id", postgresql_where=text("name = 'addition'")),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    name: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    """Hundredths of the currency, for an `amount`."""
    currency: Mapped[str | None] = mapped_column(String(3))
    day: Mapped[date | None]
    stated_at: Mapped[datetime]


class TierDecisionRecord(Base):
    """A decision on the tier, with reasons that customer and auditor understand."""

    __tablename__ = "tier_decisions"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    tier: Mapped[Tier]
    previous_tier: Mapped[Tier | None]
    decided_by: Mapped[str] = mapped_column(String(60))
    reasons: Mapped[list[Any]]
    """`[{"code": …, "zh": …, "en": …}]`, at least one."""
    decided_at: Mapped[datetime]


class LearnEntry(Base):
    """One LEARN step that was done."""

    __tablename__ = "learn_entries"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    step: Mapped[LearnStep]
    what: Mapped[str] = mapped_column(String(80))
    """What was done, by the name of the wording used or of the act."""
    by: Mapped[str] = mapped_column(String(60))
    done_at: Mapped[datetime]


class DeadlineRecord(Base):
    """A date that the bank must keep, and the rule that it comes from."""

    __tablename__ = "deadlines"
    __table_args__ = (
        Index("ix_deadlines_watched", "next_look_at", postgresql_where=text("met_at IS NULL AND missed_at IS NULL")),
        Index("ix_deadlines_running", "complaint_id", "due_at", postgresql_where=text("met_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    name: Mapped[str] = mapped_column(String(30))
    rule: Mapped[str] = mapped_column(Text)
    unit_code: Mapped[str | None] = mapped_column(String(20), index=True)
    """The unit that has to keep it: the case's, until it is met or missed; what happens later changes no figure."""
    handler_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    """Who has to keep it, in the same way."""
    set_at: Mapped[datetime]
    """When this date was set: half of the time is counted from here."""
    due_at: Mapped[datetime] = mapped_column(index=True)
    counts_office_hours: Mapped[bool] = mapped_column(default=False)
    """Whether its time goes by only while the bank is open, so that half of it is half of that time."""
    met_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    """When it was noticed that the date had passed; what was due may still be done later."""
    next_look_at: Mapped[datetime | None]
    """When the watch looks at it next; empty for one that was just set, and for one that is missed."""

    @property
    def is_pending(self) -> bool:
        """Whether it is neither met nor missed."""
        return self.met_at is None and self.missed_at is None

    def move_to(self, due_at: datetime, rule: str, *, counts_office_hours: bool, now: datetime) -> None:
        """Give the deadline another date; it is watched anew."""
        self.due_at, self.rule, self.counts_office_hours = due_at, rule, counts_office_hours
        self.set_at, self.next_look_at = now, None


class Avoidance(Base):
    """A person who must have nothing to do with a complaint, noted by hand or because they have settled it before."""

    __tablename__ = "avoidances"

    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    noted_by: Mapped[str] = mapped_column(String(60))
    noted_at: Mapped[datetime]


class Plan(Base):
    """A way to settle the complaint: written, agreed by whoever answers for the tier, put to the customer, answered."""

    __tablename__ = "plans"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    """In words that the customer reads."""
    proposed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[datetime]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    returned_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    returned_at: Mapped[datetime | None]
    return_reason: Mapped[str | None] = mapped_column(Text)
    put_at: Mapped[datetime | None]
    """When the customer was told."""
    answered_at: Mapped[datetime | None]
    is_accepted: Mapped[bool | None]
    answer_text: Mapped[str | None] = mapped_column(Text)


class Approval(Base):
    """Something that one person asks for and another must agree to: a lower tier, more time."""

    __tablename__ = "approvals"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    kind: Mapped[ApprovalKind]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`{"tier": "ordinary"}` for a lower tier."""
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    is_approved: Mapped[bool | None]
    decision_note: Mapped[str | None] = mapped_column(Text)


class Recheck(Base):
    """A result that the customer asked to have looked at again, and what came of it."""

    __tablename__ = "rechecks"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(60))
    requested_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]
    is_changed: Mapped[bool | None]
    text: Mapped[str | None] = mapped_column(Text)


class CaseTask(Base):
    """What a department is asked to find out or do for a case."""

    __tablename__ = "case_tasks"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    department: Mapped[str] = mapped_column(String(LONGEST_DEPARTMENT), index=True)
    """A department's name or a unit's code."""
    text: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"))
    answered_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    overdue_at: Mapped[datetime | None]
    """When it was noticed that no answer had come in time; the answer may still come."""


class CaseLink(Base):
    """How one complaint belongs to another; of a parent, the child is the complaint and the parent the other one."""

    __tablename__ = "case_links"
    __table_args__ = (
        UniqueConstraint("complaint_id", "other_id", "kind"),
        Index("uq_case_links_one_parent", "complaint_id", unique=True, postgresql_where=text("kind = 'parent'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    other_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    kind: Mapped[LinkKind]
    made_by: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime]


class Closing(Base):
    """What was found out when a case was closed; a case that is reopened is closed again."""

    __tablename__ = "closings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    root_cause: Mapped[RootCause]
    note: Mapped[str] = mapped_column(Text)
    rectification: Mapped[str | None] = mapped_column(Text)
    """What must be put right; empty if nothing."""
    rectify_unit: Mapped[str | None] = mapped_column(String(20))
    rectify_by: Mapped[date | None]
    is_customer_told: Mapped[bool]
    closed_by: Mapped[str] = mapped_column(String(60))
    closed_at: Mapped[datetime]


class Snooze(Base):
    """A case that a person has put out of their queue for a while. Its deadlines go on."""

    __tablename__ = "snoozes"

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True)
    until_at: Mapped[datetime]
    """It comes back then, by a job that takes the row away; earlier if the customer writes, or when there is a notice
    about the case."""
    snoozed_at: Mapped[datetime]


class Follow(Base):
    """That a person wants to hear what happens to a case, whoever has it."""

    __tablename__ = "follows"

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True, index=True)
    actor: Mapped[str] = mapped_column(String(60))
    """`staff:<username>`: nobody is told of what they did themselves."""
    followed_at: Mapped[datetime]


class CaseTag(Base):
    """A short label on a case, by which people find it again."""

    __tablename__ = "case_tags"
    __table_args__ = (Index("ix_case_tags_tag", "tag", "complaint_id"),)

    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Its name in data/policy/tags.yml."""
    added_by: Mapped[str] = mapped_column(String(80))
    """`staff:<username>`."""
    added_at: Mapped[datetime]


class Notice(Base):
    """Something that a person, or a whole unit, must see: a date comes near, a date was missed."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaints.id"), index=True)
    deadline_id: Mapped[int | None] = mapped_column(ForeignKey("deadlines.id"))
    staff_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    unit_code: Mapped[str | None] = mapped_column(String(20), index=True)
    kind: Mapped[NoticeKind]
    at: Mapped[datetime]


class NoticeSighting(Base):
    """That a person has seen a notice; a unit's notice stays unseen for everybody else of the unit."""

    __tablename__ = "notice_sightings"

    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    seen_at: Mapped[datetime]
