"""Every table of Tingsu, imported in one place, so that migrations and tests see the whole schema."""

from bot.alarms import models as alarms
from bot.api import models as api
from bot.audit import AuditRecord, chain
from bot.complaints import models as complaints
from bot.conversations import models as conversations
from bot.database import Base
from bot.staff import models as staff
from bot.staff import saved_views, unit_replies

__all__ = [
    "AuditRecord",
    "Base",
    "alarms",
    "api",
    "chain",
    "complaints",
    "conversations",
    "saved_views",
    "staff",
    "unit_replies",
]
