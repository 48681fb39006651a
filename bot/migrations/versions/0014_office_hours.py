"""Deadlines whose time goes by only in office hours.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "deadlines", sa.Column("counts_office_hours", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("deadlines", "counts_office_hours", server_default=None)


def downgrade() -> None:
    op.drop_column("deadlines", "counts_office_hours")
