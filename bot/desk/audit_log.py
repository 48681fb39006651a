"""The audit log as auditors read it: filtered, a page at a time, or as CSV. Nothing here changes anything."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from nicegui import ui
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import AuditRecord
from bot.complaints.labels import Language
from bot.database import Database
from bot.desk.csv_file import MARK, csv_line
from bot.desk.frame import shown
from bot.desk.words import word
from bot.staff.administration import BANK_TIME

RECORDS_ON_A_PAGE = 50
RECORDS_READ_AT_ONCE = 1000
LONGEST_VALUE = 80
COLUMNS = ("at", "actor", "action", "subject", "detail")


@dataclass(frozen=True)
class AuditFilter:
    """Which records are wanted; empty means any.

    Args:
        subject, actor: how it begins, `staff:li` or `conversation:…`.
        action: its whole name.
        since, until: days by the bank's clock, both included.
        before: only records older than the one with this id; 0 for the newest.
    """

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: date | None = None
    until: date | None = None
    before: int = 0

    @classmethod
    def asked(cls, parameters: Mapping[str, str]) -> "AuditFilter":
        """The filter in an address; what cannot be read counts as empty."""
        subject, actor, action = (
            parameters.get(name, "").replace("\x00", "").strip()[:LONGEST_VALUE]
            for name in ("subject", "actor", "action")
        )
        before = parameters.get("before", "")
        return cls(
            subject,
            actor,
            action,
            _day(parameters.get("since", "")),
            _day(parameters.get("until", "")),
            int(before) if before.isascii() and before.isdigit() and len(before) < 18 else 0,
        )

    def address(self, path: str, *, before: int = 0) -> str:
        """A page's address with this filter."""
        chosen = {name: str(value) for name, value in asdict(self).items() if value and name != "before"}
        if before:
            chosen["before"] = str(before)
        return f"{path}?{urlencode(chosen)}" if chosen else path

    def select(self) -> Select[AuditRecord]:
        """The wanted records, newest first."""
        wanted = select(AuditRecord).order_by(AuditRecord.id.desc())
        if self.subject:
            wanted = wanted.where(AuditRecord.subject.startswith(self.subject, autoescape=True))
        if self.actor:
            wanted = wanted.where(AuditRecord.actor.startswith(self.actor, autoescape=True))
        if self.action:
            wanted = wanted.where(AuditRecord.action == self.action)
        if self.since:
            wanted = wanted.where(AuditRecord.at >= _start_of(self.since))
        if self.until:
            wanted = wanted.where(AuditRecord.at < _start_of(self.until + timedelta(days=1)))
        if self.before:
            wanted = wanted.where(AuditRecord.id < self.before)
        return wanted


async def records_page(session: AsyncSession, chosen: AuditFilter) -> tuple[list[AuditRecord], int]:
    """One page of records.

    Returns:
        The records, and `before` for the next page; 0 if there is none.
    """
    found = list(await session.scalars(chosen.select().limit(RECORDS_ON_A_PAGE + 1)))
    page = found[:RECORDS_ON_A_PAGE]
    return page, page[-1].id if len(found) > RECORDS_ON_A_PAGE else 0


async def as_csv(database: Database, chosen: AuditFilter) -> AsyncIterator[bytes]:
    """All wanted records as CSV, read a thousand at a time. Begins with a mark that lets Excel read Chinese."""
    yield MARK + csv_line(("id", *COLUMNS))
    before = chosen.before
    while True:
        async with database.transaction() as session:
            part = AuditFilter(**(asdict(chosen) | {"before": before}))
            found = list(await session.scalars(part.select().limit(RECORDS_READ_AT_ONCE)))
        if not found:
            return
        yield b"".join(csv_line((str(record.id), *_cells(record))) for record in found)
        before = found[-1].id


def show_audit_log(records: list[AuditRecord], next_before: int, chosen: AuditFilter, language: Language) -> None:
    """Build the page: the filter, the records, and the way to older ones."""
    with ui.element("main").classes("audit"):
        _filter_form(chosen, language)
        with ui.element("div").classes("audit-table"), ui.element("table"):
            with ui.element("thead"), ui.element("tr"):
                for column in COLUMNS:
                    shown(word(f"audit_{column}", language), "th")
            with ui.element("tbody"):
                for record in records:
                    with ui.element("tr"):
                        for cell in _cells(record):
                            shown(cell, "td")
        if not records:
            shown(word("nothing_recorded", language), "p", "empty")
        with ui.element("nav").classes("pager"):
            if chosen.before:
                _link(chosen.address("/audit"), word("newest", language))
            if next_before:
                _link(chosen.address("/audit", before=next_before), word("older", language))
            _link(chosen.address("/audit.csv"), "CSV")


def _filter_form(chosen: AuditFilter, language: Language) -> None:
    form = ui.element("form").classes("audit-filter").props('method=get action="/audit" role=search')
    with form:
        for name, kind in (
            ("subject", "text"),
            ("actor", "text"),
            ("action", "text"),
            ("since", "date"),
            ("until", "date"),
        ):
            label = word(f"audit_{name}", language)
            with ui.element("label"):
                shown(label, "span")
                given = ui.element("input")
                given.props["name"], given.props["type"] = name, kind
                given.props["value"] = str(getattr(chosen, name) or "")
        with ui.element("button").props("type=submit").classes("primary"):
            shown(word("filter", language), "span")


def _link(address: str, text: str) -> None:
    link = ui.element("a")
    link.props["href"] = address
    with link:
        shown(text, "span")


def _cells(record: AuditRecord) -> tuple[str, ...]:
    detail = json.dumps(record.detail, ensure_ascii=False, sort_keys=True) if record.detail else ""
    at = f"{record.at.astimezone(BANK_TIME):%Y-%m-%d %H:%M:%S}"
    return at, record.actor, record.action, record.subject, detail


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None


def _start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=BANK_TIME)
