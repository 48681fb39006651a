"""Half-written answers that are kept on the server, and tags on cases, and what a macro does after its reply.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keep_drafts()
    _tag_cases()
    op.add_column(
        "held_replies",
        sa.Column("follow_ups", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="[]"),
    )
    op.alter_column("held_replies", "follow_ups", server_default=None)


def _keep_drafts() -> None:
    op.create_table(
        "reply_drafts",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("edition", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_reply_drafts_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_reply_drafts_staff_id_staff")),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_reply_drafts")),
    )
    op.create_index(op.f("ix_reply_drafts_written_at"), "reply_drafts", ["written_at"])


def _tag_cases() -> None:
    op.create_table(
        "case_tags",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_case_tags_complaint_id_complaints")),
        sa.PrimaryKeyConstraint("complaint_id", "tag", name=op.f("pk_case_tags")),
    )
    op.create_index("ix_case_tags_tag", "case_tags", ["tag", "complaint_id"])


def downgrade() -> None:
    op.drop_column("held_replies", "follow_ups")
    op.drop_table("case_tags")
    op.drop_table("reply_drafts")
