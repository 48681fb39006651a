"""Resolved cases are found by how long they have been; snoozes that ended before there was a job for it are put away.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_complaints_resolved", "complaints", ["state_since"], postgresql_where=sa.text("state = 'resolved'")
    )
    # Their people have had them back for long: nobody is told now.
    op.execute("DELETE FROM snoozes WHERE until_at <= now()")


def downgrade() -> None:
    op.drop_index("ix_complaints_resolved", table_name="complaints")
