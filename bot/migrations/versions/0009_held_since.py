"""Since when a person holds a conversation: whoever takes one over has their own time to answer.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("held_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("conversations", "held_since")
