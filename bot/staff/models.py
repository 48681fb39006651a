"""Tables of staff: people with their roles and units, and their sign-ins."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.complaints.labels import Label
from bot.database import Base


class Role(Label):
    """What a member of staff is; what each may do is said in `permissions.py`."""

    HANDLER = "handler", "经办人员", "Handler"
    SUPERVISOR = "supervisor", "网点主管", "Outlet supervisor"
    COORDINATOR = "coordinator", "分行协调员", "Branch coordinator"
    TASK_FORCE = "task_force", "专班成员", "Task force"
    OFFICE_SUPERVISOR = "office_supervisor", "消保办主管", "Complaints office supervisor"
    ANALYST = "analyst", "分析员", "Analyst"
    INSPECTOR = "inspector", "检查员", "Inspector"
    ADMINISTRATOR = "administrator", "系统管理员", "Administrator"
    AUDITOR = "auditor", "审计员", "Auditor"


class StaffMember(Base):
    """A person who works at the desk."""

    __tablename__ = "staff"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(50))
    """As customers see it: surname and title, «李经理»."""
    role: Mapped[Role]
    unit_code: Mapped[str] = mapped_column(String(20))
    """Code of the unit in `data/organisation.yml`; the person sees this unit and all below it."""
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    failed_count: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(5), default="zh")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    sealed_key: Mapped[str | None] = mapped_column(String(200))
    """The key of the authenticator app, encrypted."""
    second_factor_at: Mapped[datetime | None]
    """When the app was confirmed; the key is not in use before."""
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The 30 seconds, counted from 1970, whose code was used last: neither it nor an earlier one is taken again."""
    recovery_hashes: Mapped[list[Any]] = mapped_column(default=list)
    provider_subject: Mapped[str | None] = mapped_column(String(255), unique=True)
    """What the bank's single sign-on calls the person. From the first such sign-in on a password opens nothing."""
    shifts: Mapped[list[Any]] = mapped_column(default=list)
    """The person's weekly hours, each `{"weekday": 1–7, "from": "08:30", "until": "17:30"}`; empty: always there."""

    @property
    def is_known_to_provider(self) -> bool:
        """Whether the person signs in through the bank's single sign-on."""
        return self.provider_subject is not None


class Absence(Base):
    """A time in which a person is away; nothing is given to them then."""

    __tablename__ = "absences"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(200), default="")


class SignIn(Base):
    """One signed-in browser. Only a hash of its cookie's token is kept."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    owes_code: Mapped[bool] = mapped_column(default=False)
    """Whether the password was right and the second factor's code is still to come; until then this opens nothing."""
