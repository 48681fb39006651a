"""What a person who is called reads: no word and no name of a customer, only what they need to come."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from bot.alarms.models import Occasion
from bot.complaints.deadlines import deadline_policy, say_date
from bot.complaints.labels import Label, Language, Tier
from bot.staff.organisation import UnknownUnit, organisation


class Facts(BaseModel):
    """What may be told of a case outside of the desk. Whatever is unknown is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: uuid.UUID | None = None
    tier: Tier | None = None
    outlet_code: str | None = None
    waiting_since: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True)
class Notice:
    """A call in words.

    Attributes:
        title: one line.
        text: the title and what is known, a line each, and where to go.
    """

    title: str
    text: str


class Line(Label):
    """What a line of a notice tells."""

    SUBJECT = "subject", "编号", "Number"
    TIER = "tier", "层级", "Tier"
    OUTLET = "outlet", "网点", "Outlet"
    WAITING_SINCE = "waiting_since", "等待自", "Waiting since"
    DUE_AT = "due_at", "时限", "Due"
    LINK = "link", "请到工作台处理", "Open it at the desk"


def notice_of(occasion: Occasion, subject: str, facts: Facts, language: Language, desk_url: str) -> Notice:
    """The call in the words of its reader.

    Args:
        subject: the complaint's number, or the conversation's id.
        desk_url: where staff reaches the desk.
    """
    told = {
        Line.SUBJECT: subject,
        Line.TIER: facts.tier.display_name(language) if facts.tier else None,
        Line.OUTLET: _outlet(facts.outlet_code, language) if facts.outlet_code else None,
        Line.WAITING_SINCE: _moment(facts.waiting_since, language) if facts.waiting_since else None,
        Line.DUE_AT: _moment(facts.due_at, language) if facts.due_at else None,
        Line.LINK: _link(desk_url, facts.conversation_id),
    }
    colon = "：" if language == "zh" else ": "
    name = "【听诉】" if language == "zh" else "[Tingsu] "
    title = name + occasion.display_name(language)
    lines = [f"{line.display_name(language)}{colon}{value}" for line, value in told.items() if value]
    return Notice(f"{title} {subject}", "\n".join([title, *lines]))


def _outlet(code: str, language: Language) -> str:
    try:
        return organisation().find(code).display_name(language)
    except UnknownUnit:
        return code


def _moment(moment: datetime, language: Language) -> str:
    local = moment.astimezone(deadline_policy().zone)
    return f"{say_date(local.date(), language)} {local:%H:%M}"


def _link(desk_url: str, conversation_id: uuid.UUID | None) -> str:
    page = f"/conversations/{conversation_id}" if conversation_id else "/"
    return desk_url.rstrip("/") + page
