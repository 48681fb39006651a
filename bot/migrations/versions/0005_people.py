"""People: second factor, single sign-on, shifts, absences.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("sealed_key", sa.String(200)))
    op.add_column("staff", sa.Column("second_factor_at", sa.DateTime(timezone=True)))
    op.add_column("staff", sa.Column("last_step", sa.BigInteger()))
    op.add_column("staff", sa.Column("provider_subject", sa.String(255)))
    op.create_unique_constraint(op.f("uq_staff_provider_subject"), "staff", ["provider_subject"])
    for name in ("recovery_hashes", "shifts"):
        # The default is for those who are there already; the application gives its own.
        op.add_column("staff", sa.Column(name, postgresql.JSONB(), nullable=False, server_default="[]"))
        op.alter_column("staff", name, server_default=None)
    op.add_column("sign_ins", sa.Column("owes_code", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("sign_ins", "owes_code", server_default=None)
    op.create_table(
        "absences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absences_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index(op.f("ix_absences_staff_id"), "absences", ["staff_id"])


def downgrade() -> None:
    op.drop_table("absences")
    op.drop_column("sign_ins", "owes_code")
    op.drop_constraint(op.f("uq_staff_provider_subject"), "staff", type_="unique")
    for name in ("shifts", "recovery_hashes", "provider_subject", "last_step", "second_factor_at", "sealed_key"):
        op.drop_column("staff", name)
