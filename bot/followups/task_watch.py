"""The watch over what departments are asked: one that has not answered in time is not passed over in silence."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.complaints.lifecycle import SETTLED
from bot.complaints.models import CaseTask, Complaint, NoticeKind
from bot.complaints.notices import notify
from bot.complaints.tasks import miss_task
from bot.conversations.handover import locked
from bot.database import Database, notify_changed
from bot.staff.models import StaffMember
from bot.staff.organisation import Organisation
from bot.staff.people import organisation
from bot.staff.permissions import Act, may, may_see

LATE_BY = timedelta(minutes=1)
"""A look that is due for this long has no job that does it."""

AT_ONCE_AT_MOST = 500


@dataclass(frozen=True)
class TaskWatch:
    """Looks at tasks when they are due."""

    database: Database
    clock: Clock

    async def look(self, task_id: int) -> None:
        """Tell whoever asked, and who leads in the department, that no answer came; nothing happens a second time."""
        now = self.clock()
        async with self.database.transaction() as session:
            task = await session.get_one(CaseTask, task_id)
            complaint = await session.get_one(Complaint, task.complaint_id)
            await locked(session, complaint.conversation_id)
            await session.refresh(task)
            await session.refresh(complaint)
            if not miss_task(session, complaint, task, now=now):
                return
            for staff_id in {task.asked_by, *await _leading(session, task.department, complaint, organisation())}:
                notify(session, complaint, NoticeKind.TASK_OVERDUE, now=now, staff_id=staff_id)
            await notify_changed(session, complaint.conversation_id)

    async def look_at_all_due(self) -> None:
        """Look at the tasks for which no job has come: those asked before there was a watch, or whose job was lost."""
        async with self.database.transaction() as session:
            query = (
                select(CaseTask.id)
                .join(Complaint, Complaint.id == CaseTask.complaint_id)
                .where(CaseTask.answered_at.is_(None), CaseTask.cancelled_at.is_(None), CaseTask.overdue_at.is_(None))
                .where(CaseTask.due_at <= self.clock() - LATE_BY, Complaint.state.not_in(SETTLED))
                .order_by(CaseTask.due_at)
                .limit(AT_ONCE_AT_MOST)
            )
            found = list(await session.scalars(query))
        for task_id in found:
            await self.look(task_id)


async def _leading(
    session: AsyncSession, department: str, complaint: Complaint, units: Organisation
) -> list[uuid.UUID]:
    """Who gives work to people in the department, by the unit that its name or code means, and may see the case."""
    codes = [unit.code for unit in units.units if department in {unit.code, unit.name_zh, unit.name_en}]
    members = await session.scalars(
        select(StaffMember)
        .where(StaffMember.is_active, StaffMember.unit_code.in_(codes))
        .order_by(StaffMember.username)
    )
    return [
        member.id for member in members if may(member, Act.ASSIGN) and may_see(member, complaint.outlet_code, units)
    ]
