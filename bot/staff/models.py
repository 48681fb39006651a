"""Tables of staff: people with their roles and units, and their sign-ins."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String
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


class SignIn(Base):
    """One signed-in browser. Only a hash of its cookie's token is kept."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
