"""When somebody for an unassigned case is looked for next.

Revision ID: 0012
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009"
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


def downgrade() -> None:
    op.drop_index("ix_complaints_unassigned", table_name="complaints")
    op.drop_column("complaints", "next_assignment_at")
