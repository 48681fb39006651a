"""The documents that the API takes and gives."""

import hashlib
import uuid
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from bot.api.kinds import EventKind
from bot.api.models import ApiEvent, ComplaintComment, Webhook
from bot.complaints.closing import LONGEST_TO_RECTIFY
from bot.complaints.labels import Cause, Emotion, Product, RootCause, Tier
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint

LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 4000
"""Characters. Telegram carries 4096 in one message."""
MOST_AT_ONCE = 200

_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
Words = Annotated[
    str,
    Field(
        max_length=LONGEST_TEXT,
        pattern=rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$",
        description=f"Not empty, at most {LONGEST_TEXT} characters, no control characters",
    ),
]


def _only_rfc_3339(value: object) -> object:
    """pydantic would also take seconds since 1970, which the description does not allow."""
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("write a time as 2026-11-23T10:00:00+08:00")
    return value


def _only_a_day(value: object) -> object:
    """pydantic would also take seconds since 1970, and a time at midnight."""
    if not isinstance(value, str) or len(value) != len("2026-11-23"):
        raise ValueError("write a day as 2026-11-23")
    return value


Day = Annotated[date, BeforeValidator(_only_a_day)]
Moment = Annotated[AwareDatetime, BeforeValidator(_only_rfc_3339)]
CURSOR = r"^[0-9]{1,16}-[0-9a-f]{32}$"
UnitCode = Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$", max_length=20)]
Cursor = Annotated[str, Field(pattern=CURSOR)]


class Taken(BaseModel):
    """What the API takes: a field that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid")


class FactShown(BaseModel):
    """Something that the customer stated, in their words. The last one of a name counts."""

    name: str = Field(examples=["amount"])
    text: str = Field(examples=["两千块"])
    amount_fen: int | None = Field(description="Hundredths of the currency, for an amount", examples=[200000])
    currency: str | None = Field(examples=["CNY"])
    day: date | None
    stated_at: AwareDatetime


class DeadlineShown(BaseModel):
    """A date that the bank must keep."""

    name: str = Field(examples=["decision"])
    rule: str = Field(description="The rule that it comes from")
    due_at: AwareDatetime
    met_at: AwareDatetime | None


class ComplaintShown(BaseModel):
    """A complaint as it stands."""

    number: str = Field(examples=["TS-4821-7063-8"])
    version: str = Field(
        description="Changes with every change of the complaint; between quotes it is the ETag",
        examples=["9f2c4be01a77d350"],
    )
    state: State
    state_since: AwareDatetime
    tier: Tier
    product: Product | None
    cause: Cause | None
    emotion: Emotion | None
    language: str = Field(examples=["zh"])
    unit: str | None = Field(description="The outlet complained about, where it is known", examples=["HB-WH-WC-03"])
    phone: str | None = Field(
        description="All but the last four digits are hidden without the scope `complaints:personal`",
        examples=["*******5678"],
    )
    story: str = Field(description="In the customer's words; numbers of cards and identity cards are taken out")
    opened_at: AwareDatetime
    result: str | None
    resolved_at: AwareDatetime | None
    is_result_accepted: bool | None
    rating: int | None = Field(description="1 (worst) to 5")
    reopened_count: int
    facts: list[FactShown]
    deadlines: list[DeadlineShown]

    @classmethod
    def of(cls, complaint: Complaint, *, is_personal: bool) -> Self:
        """The complaint, with the customer's telephone in full only if that is allowed."""
        shown = cls(
            number=complaint.number,
            version="",
            state=complaint.state,
            state_since=complaint.state_since,
            tier=complaint.tier,
            product=complaint.product,
            cause=complaint.cause,
            emotion=complaint.emotion,
            language=complaint.language,
            unit=complaint.outlet_code,
            phone=shown_phone(complaint.contact_phone, is_personal=is_personal),
            story=complaint.story,
            opened_at=complaint.opened_at,
            result=complaint.result,
            resolved_at=complaint.resolved_at,
            is_result_accepted=complaint.result_accepted,
            rating=complaint.rating,
            reopened_count=complaint.reopened_count,
            facts=[
                FactShown(
                    name=fact.name,
                    text=(shown_phone(fact.text, is_personal=is_personal) or "") if fact.name == "phone" else fact.text,
                    amount_fen=fact.amount_fen,
                    currency=fact.currency,
                    day=fact.day,
                    stated_at=fact.stated_at,
                )
                for fact in complaint.facts
            ],
            deadlines=[
                DeadlineShown(name=d.name, rule=d.rule, due_at=d.due_at, met_at=d.met_at) for d in complaint.deadlines
            ],
        )
        shown.version = hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]
        return shown

    @property
    def etag(self) -> str:
        """The version as HTTP wants it."""
        return f'"{self.version}"'


class ComplaintPage(BaseModel):
    """Some complaints, the oldest first."""

    complaints: list[ComplaintShown]
    next_cursor: Cursor | None = Field(description="Send it as `cursor` for the next page; null on the last")


class ComplaintFilter(Taken):
    """Which complaints; what is left out does not matter."""

    state: State | None = None
    tier: Tier | None = None
    product: Product | None = None
    unit: UnitCode | None = Field(
        default=None,
        description="A unit at or below the token's own; complaints of units below it are included",
    )
    opened_since: Moment | None = Field(default=None, description="Opened at this time or later")
    changed_since: Moment | None = Field(
        default=None, description="With an event at this time or later; see `GET /events` for which"
    )
    cursor: Cursor | None = Field(default=None, description="`next_cursor` of the page before")
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE)


class NewComment(Taken):
    """An internal note."""

    text: Words = Field(examples=["已与设备厂商核对流水。"])


class CommentShown(BaseModel):
    """An internal note on a complaint."""

    id: int
    author: str = Field(description="`api:` and the token's name", examples=["api:crm"])
    text: str = Field(description="As it was stored: numbers of cards, identity cards and mobile phones are taken out")
    written_at: AwareDatetime

    @classmethod
    def of(cls, comment: ComplaintComment) -> Self:
        """The note."""
        return cls(id=comment.id, author=comment.author, text=comment.text, written_at=comment.written_at)


class Comments(BaseModel):
    """The latest internal notes on a complaint, the oldest of them first."""

    comments: list[CommentShown]


class Start(Taken):
    """Work on the complaint begins."""

    step: Literal["start"]


class Resolve(Taken):
    """The complaint is settled; the customer is told the result and asked whether it is accepted."""

    step: Literal["resolve"]
    result: Words = Field(examples=["卡已取回，请携带身份证到司门口支行领取。"])


class Mending(Taken):
    """What must be put right (整改), so that it does not come about again."""

    what: Words = Field(examples=["更换司门口支行 2 号机的读卡器。"])
    unit: UnitCode = Field(
        description="The outlet complained about or a unit above it; any unit if no outlet is known",
        examples=["HB-WH-WC-03"],
    )
    due_on: Day = Field(
        description=f"After today in the bank's time zone, at most {LONGEST_TO_RECTIFY.days} days ahead",
        examples=["2026-12-23"],
    )


class Close(Taken):
    """A resolved complaint is put away with what the bank learnt from it, as people are asked at the desk."""

    step: Literal["close"]
    root_cause: RootCause = Field(description="Why the complaint came about")
    is_customer_told: Annotated[bool, Strict()] = Field(
        description="Whether the customer knows the result; false if nobody could reach them"
    )
    rectification: Mending | None = Field(default=None, description="Null if nothing must be put right")
    note: Words | None = Field(default=None, description="For staff. Numbers of cards and identity cards are taken out")


Step = Annotated[Start | Resolve | Close, Field(discriminator="step")]


class EventShown(BaseModel):
    """Something that happened to a complaint."""

    id: int = Field(description="Grows from event to event. The same id is the same event")
    kind: EventKind
    at: AwareDatetime
    number: str = Field(description="The complaint's", examples=["TS-4821-7063-8"])
    tier: Tier = Field(description="When the event was written, a moment after it happened; so is `state`")
    state: State

    @classmethod
    def of(cls, event: ApiEvent) -> Self:
        """The event."""
        return cls(id=event.id, kind=event.kind, at=event.at, number=event.number, tier=event.tier, state=event.state)


class EventPage(BaseModel):
    """Some events, in their order."""

    events: list[EventShown]
    next_after: int = Field(description="Send it as `after` to go on")


class EventFilter(Taken):
    """Where to go on reading."""

    after: int = Field(default=0, ge=0, le=LARGEST_ID, description="The last event that is known; 0 for all")
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE)


class NewWebhook(Taken):
    """An address that shall be sent events."""

    url: str = Field(
        max_length=500,
        pattern=r"^https?://[!-~]+$",
        description="On a host that the bank has allowed for webhooks",
        examples=["https://crm.bank.example/tingsu"],
    )
    kinds: list[EventKind] = Field(default=list(EventKind), min_length=1, description="All kinds without it")
    unit: UnitCode | None = Field(
        default=None, description="A unit at or below the token's own, which counts without it"
    )


class WebhookShown(BaseModel):
    """An address that is sent events."""

    id: uuid.UUID
    url: str
    kinds: list[EventKind]
    unit: str
    is_active: bool = Field(description="False after too many failures in a row")
    failure_count: int = Field(description="How often the present event has failed")
    last_failure: str | None

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        """The webhook."""
        return cls(
            id=webhook.id,
            url=webhook.url,
            kinds=[EventKind(kind) for kind in webhook.kinds],
            unit=webhook.unit_code,
            is_active=webhook.is_active,
            failure_count=webhook.failure_count,
            last_failure=webhook.last_failure,
        )


class WebhookAdded(BaseModel):
    """A new webhook, and the secret that its signatures are made with."""

    webhook: WebhookShown
    secret: str = Field(description="Shown here only")


class Webhooks(BaseModel):
    """Every webhook of the token's unit and of the units below."""

    webhooks: list[WebhookShown]


def shown_phone(phone: str | None, *, is_personal: bool) -> str | None:
    """A telephone number, all but its last four characters hidden unless it may be seen."""
    if phone is None or is_personal:
        return phone
    hidden = max(len(phone) - 4, 0) or len(phone)
    return "*" * hidden + phone[hidden:]
