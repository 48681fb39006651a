"""`tingsu complaint`: what is stored of a complaint, for people with access to this machine."""

from typing import Any

from sqlalchemy import inspect, select

from bot.complaints import case_number
from bot.complaints.casework import find_by_number
from bot.complaints.models import Complaint
from bot.database import Base, Database

CHILDREN = ("facts", "tier_decisions", "learn_record", "deadlines")


async def list_complaints(database: Database, limit: int) -> list[dict[str, Any]]:
    """The newest complaints, a few columns each."""
    async with database.transaction() as session:
        found = await session.scalars(select(Complaint).order_by(Complaint.opened_at.desc()).limit(limit))
        return [
            {
                "number": complaint.number,
                "tier": complaint.tier,
                "state": complaint.state,
                "product": complaint.product,
                "cause": complaint.cause,
                "opened_at": complaint.opened_at.isoformat(),
            }
            for complaint in found
        ]


async def show_complaint(database: Database, number: str) -> dict[str, Any] | None:
    """Every stored fact of a complaint: tier decisions with reasons, LEARN record, deadlines, satisfaction.

    Raises:
        InvalidCaseNumber: the text is no case number.
    """
    async with database.transaction() as session:
        complaint = await find_by_number(session, case_number.parse(number))
        if complaint is None:
            return None
        shown = _columns(complaint)
        for name in CHILDREN:
            shown[name] = [_columns(child) for child in getattr(complaint, name)]
        return shown


def _columns(row: Base) -> dict[str, Any]:
    return {
        column.key: getattr(row, column.key)
        for column in inspect(row).mapper.column_attrs
        if column.key != "complaint_id"
    }
