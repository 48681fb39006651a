"""Alarms, the calls that they make, and where staff can be reached.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_contacts",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("telegram_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_contacts_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_contacts")),
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "urgent", "crisis", "deadline_near", "deadline_missed", name="occasion", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("silenced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silenced_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_alarms_complaint_id_complaints")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_alarms_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["silenced_by"], ["staff.id"], name=op.f("fk_alarms_silenced_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
    )
    op.create_index(op.f("ix_alarms_conversation_id"), "alarms", ["conversation_id"], unique=False)
    op.create_index(
        "uq_alarms_ringing", "alarms", ["conversation_id"], unique=True, postgresql_where=sa.text("silenced_at IS NULL")
    )
    op.create_table(
        "alarm_calls",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("alarm_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column(
            "way", sa.Enum("desk", "telegram", "email", name="way", native_enum=False, length=40), nullable=False
        ),
        sa.Column(
            "occasion",
            sa.Enum(
                "urgent", "crisis", "deadline_near", "deadline_missed", name="occasion", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("pending", "made", "refused", "not_needed", name="outcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_alarm_calls_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_alarm_calls_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_calls")),
    )
    op.create_index(op.f("ix_alarm_calls_staff_id"), "alarm_calls", ["staff_id"], unique=False)
    op.create_index(
        "uq_alarm_calls_once_a_round",
        "alarm_calls",
        ["alarm_id", "level", "staff_id", "way"],
        unique=True,
        postgresql_where=sa.text("alarm_id IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )


def downgrade() -> None:
    op.drop_index(
        "uq_alarm_calls_once_a_round",
        table_name="alarm_calls",
        postgresql_where=sa.text("alarm_id IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index(op.f("ix_alarm_calls_staff_id"), table_name="alarm_calls")
    op.drop_table("alarm_calls")
    op.drop_index("uq_alarms_ringing", table_name="alarms", postgresql_where=sa.text("silenced_at IS NULL"))
    op.drop_index(op.f("ix_alarms_conversation_id"), table_name="alarms")
    op.drop_table("alarms")
    op.drop_table("staff_contacts")
