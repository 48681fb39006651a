"""Tokens, comments, kept answers, events and webhooks of the API.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit_code", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_api_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("kinds", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unit_code", sa.String(length=20), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("failure_count", sa.Integer(), nullable=False),
        sa.Column("last_failure", sa.String(length=60), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("url", "unit_code", name=op.f("uq_webhooks_url")),
    )
    op.create_table(
        "api_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "complaint.opened",
                "complaint.added_to",
                "complaint.assigned",
                "complaint.started",
                "complaint.tier_changed",
                "complaint.plan_proposed",
                "complaint.plan_accepted",
                "complaint.plan_rejected",
                "complaint.resolved",
                "complaint.result_accepted",
                "complaint.result_rejected",
                "complaint.rated",
                "complaint.reopened",
                "complaint.withdrawn",
                "complaint.closed",
                "complaint.commented",
                name="eventkind",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("outlet_code", sa.String(length=20), nullable=True),
        sa.Column(
            "tier", sa.Enum("ordinary", "complex", "urgent", name="tier", native_enum=False, length=40), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "assigned",
                "in_progress",
                "plan_proposed",
                "accepted",
                "rejected",
                "resolved",
                "closed",
                "withdrawn",
                "reopened",
                name="state",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audit_records.id"], name=op.f("fk_api_events_audit_id_audit_records")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_events")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_api_events_audit_id")),
    )
    op.create_index(op.f("ix_api_events_at"), "api_events", ["at"], unique=False)
    op.create_table(
        "api_kept_answers",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["api_tokens.id"], name=op.f("fk_api_kept_answers_token_id_api_tokens")),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_api_kept_answers")),
    )
    op.create_table(
        "complaint_comments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_complaint_comments_complaint_id_complaints")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_comments")),
    )
    op.create_index(op.f("ix_complaint_comments_complaint_id"), "complaint_comments", ["complaint_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_complaint_comments_complaint_id"), table_name="complaint_comments")
    op.drop_table("complaint_comments")
    op.drop_table("api_kept_answers")
    op.drop_index(op.f("ix_api_events_at"), table_name="api_events")
    op.drop_table("api_events")
    op.drop_table("webhooks")
    op.drop_table("api_tokens")
