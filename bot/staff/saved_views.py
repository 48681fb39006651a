"""Views of the queue that a person keeps under a name."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, String, UniqueConstraint, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from bot.audit import record
from bot.database import Base
from bot.masking import mask_form
from bot.staff.models import StaffMember

LONGEST_NAME = 30
MOST_VIEWS = 20


class SavedView(Base):
    """A view of the queue under a name that its person gave it."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    view: Mapped[dict[str, Any]]
    """As `QueueView` writes itself."""
    saved_at: Mapped[datetime]


class CannotSaveView(ValueError):
    """There is no name, or it is too long, or the person has as many views as one can look at."""


async def views_of(session: AsyncSession, person: StaffMember) -> Sequence[SavedView]:
    """A person's views, the oldest first."""
    found = await session.scalars(select(SavedView).where(SavedView.staff_id == person.id).order_by(SavedView.id))
    return found.all()


async def save_view(
    session: AsyncSession, person: StaffMember, name: str, view: dict[str, Any], *, now: datetime
) -> None:
    """Keep a view under a name; one of the same name is replaced.

    Raises:
        CannotSaveView: there is no name, it is too long, or there are `MOST_VIEWS` already.
    """
    name = mask_form(" ".join(name.split()))
    view = {key: mask_form(value) if isinstance(value, str) else value for key, value in view.items()}
    if not name or len(name) > LONGEST_NAME:
        raise CannotSaveView(f"A view has a name of 1 to {LONGEST_NAME} characters")
    others = select(func.count()).where(SavedView.staff_id == person.id, SavedView.name != name)
    if (await session.scalar(others) or 0) >= MOST_VIEWS:
        raise CannotSaveView(f"A person keeps {MOST_VIEWS} views at most; remove one first")
    kept = insert(SavedView).values(staff_id=person.id, name=name, view=view, saved_at=now)
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=[SavedView.staff_id, SavedView.name], set_={"view": view, "saved_at": now}
        )
    )
    record(session, at=now, actor=f"staff:{person.username}", action="save_view", subject=f"staff:{person.username}")


async def remove_view(session: AsyncSession, person: StaffMember, view_id: int, *, now: datetime) -> None:
    """Forget a view of the person's own; another's, or one that is gone, is left alone."""
    await session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.staff_id == person.id))
    record(session, at=now, actor=f"staff:{person.username}", action="remove_view", subject=f"staff:{person.username}")
