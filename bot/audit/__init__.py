"""The audit log: what people and machine changed, and the chain of hashes that shows whether it was changed since."""

from bot.audit.records import AuditRecord, record

__all__ = ["AuditRecord", "record"]
