"""When somebody for an unassigned case is looked for next; vectors of stories, by which like cases are found; how cases
were closed; cases put off for a while.

Revision ID: 0012
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from bot.database import Vector

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("complaints", sa.Column("next_assignment_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_complaints_unassigned",
        "complaints",
        ["next_assignment_at"],
        postgresql_where=sa.text("handler_id IS NULL AND state NOT IN ('resolved', 'closed', 'withdrawn', 'merged')"),
    )
    _create_extension()
    op.create_table(
        "story_vectors",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("vector", Vector(384), nullable=False),
        sa.Column("made_with", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_story_vectors_complaint_id_complaints")
        ),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_story_vectors")),
    )
    op.create_index(
        "ix_story_vectors_vector",
        "story_vectors",
        ["vector"],
        postgresql_using="hnsw",
        postgresql_ops={"vector": "vector_cosine_ops"},
    )
    op.create_table(
        "closings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("root_cause", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("rectification", sa.Text(), nullable=True),
        sa.Column("rectify_unit", sa.String(length=20), nullable=True),
        sa.Column("rectify_by", sa.Date(), nullable=True),
        sa.Column("is_customer_told", sa.Boolean(), nullable=False),
        sa.Column("closed_by", sa.String(length=60), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_closings_complaint_id_complaints")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closings")),
    )
    op.create_index(op.f("ix_closings_complaint_id"), "closings", ["complaint_id"], unique=False)
    op.create_table(
        "snoozes",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snoozed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_snoozes_complaint_id_complaints")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_snoozes_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "complaint_id", name=op.f("pk_snoozes")),
    )


def _create_extension() -> None:
    """PostgreSQL's own word would not say what is to be done."""
    try:
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except sa.exc.DBAPIError as error:
        raise RuntimeError(
            "Tingsu needs pgvector 0.8 or newer: install it beside PostgreSQL, and have an administrator run"
            " CREATE EXTENSION vector in Tingsu's database"
        ) from error


def downgrade() -> None:
    op.drop_table("snoozes")
    op.drop_table("closings")
    op.drop_table("story_vectors")
    op.execute("DROP EXTENSION IF EXISTS vector")
    op.drop_index("ix_complaints_unassigned", table_name="complaints")
    op.drop_column("complaints", "next_assignment_at")
