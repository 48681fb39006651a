"""Who follows a case, and that a case has one parent at most.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NEW_KINDS = (
    "told_by_parent", "started", "handler_changed", "tier_changed", "plan_put", "plan_accepted", "plan_rejected",
    "resolved", "recheck_asked", "recheck_decided", "withdrawn", "closed", "reopened", "merged", "noted",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "follows",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_follows_staff_id_staff")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_follows_complaint_id_complaints")),
        sa.PrimaryKeyConstraint("staff_id", "complaint_id", name=op.f("pk_follows")),
    )
    op.create_index(op.f("ix_follows_complaint_id"), "follows", ["complaint_id"])
    op.create_index(
        "uq_case_links_one_parent",
        "case_links",
        ["complaint_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'parent'"),
    )


def downgrade() -> None:
    # The version before cannot read these notices.
    op.execute(
        sa.text(
            "DELETE FROM notice_sightings WHERE notice_id IN (SELECT id FROM notices WHERE kind = ANY(:kinds))"
        ).bindparams(kinds=list(NEW_KINDS))
    )
    op.execute(sa.text("DELETE FROM notices WHERE kind = ANY(:kinds)").bindparams(kinds=list(NEW_KINDS)))
    op.drop_index("uq_case_links_one_parent", table_name="case_links")
    op.drop_index(op.f("ix_follows_complaint_id"), table_name="follows")
    op.drop_table("follows")
