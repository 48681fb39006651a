"""Who has seen a notice, whose deadlines are, and tasks that are overdue.

Revision ID: 0013
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _keep_sightings()
    _give_deadlines_to_people()
    op.add_column("case_tasks", sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True))


def _keep_sightings() -> None:
    op.create_table(
        "notice_sightings",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_notice_sightings_notice_id_notices")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notice_sightings_staff_id_staff")),
        sa.PrimaryKeyConstraint("notice_id", "staff_id", name=op.f("pk_notice_sightings")),
    )
    op.execute(
        "INSERT INTO notice_sightings (notice_id, staff_id, seen_at) SELECT id, staff_id, seen_at FROM notices"
        " WHERE seen_at IS NOT NULL AND staff_id IS NOT NULL"
    )
    op.drop_index("ix_notices_staff_unseen", table_name="notices")
    op.drop_index("ix_notices_unit_unseen", table_name="notices")
    op.drop_column("notices", "seen_at")
    op.create_index(op.f("ix_notices_staff_id"), "notices", ["staff_id"])
    op.create_index(op.f("ix_notices_unit_code"), "notices", ["unit_code"])


def _give_deadlines_to_people() -> None:
    op.add_column("deadlines", sa.Column("unit_code", sa.String(length=20), nullable=True))
    op.add_column("deadlines", sa.Column("handler_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE deadlines SET unit_code = complaints.unit_code, handler_id = complaints.handler_id"
        " FROM complaints WHERE complaints.id = deadlines.complaint_id"
    )
    op.create_foreign_key(op.f("fk_deadlines_handler_id_staff"), "deadlines", "staff", ["handler_id"], ["id"])
    op.create_index(op.f("ix_deadlines_unit_code"), "deadlines", ["unit_code"])
    op.create_index(op.f("ix_deadlines_handler_id"), "deadlines", ["handler_id"])


def downgrade() -> None:
    op.drop_column("case_tasks", "overdue_at")
    op.drop_column("deadlines", "handler_id")
    op.drop_column("deadlines", "unit_code")
    op.drop_index(op.f("ix_notices_unit_code"), table_name="notices")
    op.drop_index(op.f("ix_notices_staff_id"), table_name="notices")
    op.add_column("notices", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE notices SET seen_at = notice_sightings.seen_at FROM notice_sightings"
        " WHERE notice_sightings.notice_id = notices.id AND notice_sightings.staff_id = notices.staff_id"
    )
    op.create_index("ix_notices_staff_unseen", "notices", ["staff_id"], postgresql_where=sa.text("seen_at IS NULL"))
    op.create_index("ix_notices_unit_unseen", "notices", ["unit_code"], postgresql_where=sa.text("seen_at IS NULL"))
    op.drop_table("notice_sightings")
