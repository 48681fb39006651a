"""Replies that have not gone out yet, corrections of those that have, and how far the customer has read.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_replies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_for_later", sa.Boolean(), nullable=False),
        sa.Column("answers_up_to", sa.BigInteger(), nullable=False),
        sa.Column("ticks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_held_replies_conversation_id_conversations")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_held_replies_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_replies")),
    )
    op.create_index(op.f("ix_held_replies_conversation_id"), "held_replies", ["conversation_id"], unique=False)
    op.add_column("notes", sa.Column("is_unsent_reply", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("notes", "is_unsent_reply", server_default=None)
    op.add_column("conversations", sa.Column("read_by_customer_up_to", sa.BigInteger(), nullable=True))
    op.add_column("messages", sa.Column("carried_edit_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "carried_edit_at")
    op.drop_column("conversations", "read_by_customer_up_to")
    op.drop_column("notes", "is_unsent_reply")
    op.drop_index(op.f("ix_held_replies_conversation_id"), table_name="held_replies")
    op.drop_table("held_replies")
