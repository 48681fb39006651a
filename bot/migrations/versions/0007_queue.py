"""The queue: indexes that let the database page it, and the filters that people save.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("view", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_views_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("staff_id", "name", name=op.f("uq_saved_views_staff_id")),
    )
    op.create_index(
        "ix_complaints_unsettled",
        "complaints",
        ["conversation_id"],
        postgresql_where=sa.text("state NOT IN ('resolved', 'closed', 'withdrawn', 'merged')"),
    )
    op.create_index(
        "ix_deadlines_running", "deadlines", ["complaint_id", "due_at"], postgresql_where=sa.text("met_at IS NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_deadlines_running", table_name="deadlines")
    op.drop_index("ix_complaints_unsettled", table_name="complaints")
    op.drop_table("saved_views")
