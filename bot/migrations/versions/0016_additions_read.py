"""How many additions of a complaint are in its vector: what was added before is read anew, little by little.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("story_vectors", sa.Column("addition_count", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("story_vectors", "addition_count", server_default=None)
    op.create_index("ix_facts_additions", "facts", ["complaint_id"], postgresql_where=sa.text("name = 'addition'"))


def downgrade() -> None:
    op.drop_index("ix_facts_additions", table_name="facts")
    op.drop_column("story_vectors", "addition_count")
