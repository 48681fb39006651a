"""Casework: handlers, plans, approvals, re-checks, tasks, links, and the watch over deadlines.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("lower_tier", "extension", name="approvalkind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_approvals_asked_by_staff")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_approvals_complaint_id_complaints")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_approvals_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_complaint_id"), "approvals", ["complaint_id"], unique=False)
    op.create_table(
        "avoidances",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.String(length=60), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_avoidances_complaint_id_complaints")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_avoidances_staff_id_staff")),
        sa.PrimaryKeyConstraint("complaint_id", "staff_id", name=op.f("pk_avoidances")),
    )
    op.create_table(
        "case_links",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "duplicate_of", "split_from", "same_matter", "parent", name="linkkind", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_case_links_complaint_id_complaints")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["complaints.id"], name=op.f("fk_case_links_other_id_complaints")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sa.UniqueConstraint("complaint_id", "other_id", "kind", name=op.f("uq_case_links_complaint_id")),
    )
    op.create_index(op.f("ix_case_links_complaint_id"), "case_links", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_case_links_other_id"), "case_links", ["other_id"], unique=False)
    op.create_table(
        "case_tasks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["staff.id"], name=op.f("fk_case_tasks_answered_by_staff")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_case_tasks_asked_by_staff")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_case_tasks_complaint_id_complaints")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_tasks")),
    )
    op.create_index(op.f("ix_case_tasks_complaint_id"), "case_tasks", ["complaint_id"], unique=False)
    op.create_index(op.f("ix_case_tasks_department"), "case_tasks", ["department"], unique=False)
    op.create_table(
        "plans",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.Uuid(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_plans_approved_by_staff")),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_plans_complaint_id_complaints")),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"], name=op.f("fk_plans_proposed_by_staff")),
        sa.ForeignKeyConstraint(["returned_by"], ["staff.id"], name=op.f("fk_plans_returned_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_complaint_id"), "plans", ["complaint_id"], unique=False)
    op.create_table(
        "rechecks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.String(length=60), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_changed", sa.Boolean(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_rechecks_complaint_id_complaints")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_rechecks_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rechecks")),
    )
    op.create_index(op.f("ix_rechecks_complaint_id"), "rechecks", ["complaint_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("deadline_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("unit_code", sa.String(length=20), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("half_time", "one_day_left", "deadline_missed", name="noticekind", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaints.id"], name=op.f("fk_notices_complaint_id_complaints")),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadlines.id"], name=op.f("fk_notices_deadline_id_deadlines")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_notices_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_complaint_id"), "notices", ["complaint_id"], unique=False)
    op.create_index(
        "ix_notices_staff_unseen", "notices", ["staff_id"], unique=False, postgresql_where=sa.text("seen_at IS NULL")
    )
    op.create_index(
        "ix_notices_unit_unseen", "notices", ["unit_code"], unique=False, postgresql_where=sa.text("seen_at IS NULL")
    )
    op.add_column("complaints", sa.Column("unit_code", sa.String(length=20), nullable=True))
    op.add_column("complaints", sa.Column("handler_id", sa.Uuid(), nullable=True))
    op.add_column("complaints", sa.Column("lead_id", sa.Uuid(), nullable=True))
    op.add_column("complaints", sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("complaints", sa.Column("resolved_by", sa.String(length=60), nullable=True))
    # A unit's code begins with the code of the unit above it.
    op.execute(
        "UPDATE complaints SET unit_code = array_to_string((string_to_array(outlet_code, '-'))"
        "[1:CASE tier WHEN 'ordinary' THEN 4 WHEN 'complex' THEN 3 ELSE 2 END], '-')"
    )
    op.create_index(op.f("ix_complaints_handler_id"), "complaints", ["handler_id"], unique=False)
    op.create_index(op.f("ix_complaints_unit_code"), "complaints", ["unit_code"], unique=False)
    op.create_foreign_key(op.f("fk_complaints_handler_id_staff"), "complaints", "staff", ["handler_id"], ["id"])
    op.create_foreign_key(op.f("fk_complaints_lead_id_staff"), "complaints", "staff", ["lead_id"], ["id"])
    op.add_column("deadlines", sa.Column("set_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE deadlines SET set_at = complaints.opened_at FROM complaints WHERE complaints.id = deadlines.complaint_id"
    )
    op.alter_column("deadlines", "set_at", nullable=False)
    op.add_column("deadlines", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deadlines", sa.Column("next_look_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_deadlines_watched",
        "deadlines",
        ["next_look_at"],
        unique=False,
        postgresql_where=sa.text("met_at IS NULL AND missed_at IS NULL"),
    )


def downgrade() -> None:
    op.execute("UPDATE complaints SET state = 'resolved' WHERE state = 'recheck'")
    op.execute("UPDATE complaints SET state = 'withdrawn' WHERE state = 'merged'")
    op.drop_index(
        "ix_deadlines_watched", table_name="deadlines", postgresql_where=sa.text("met_at IS NULL AND missed_at IS NULL")
    )
    op.drop_column("deadlines", "next_look_at")
    op.drop_column("deadlines", "missed_at")
    op.drop_column("deadlines", "set_at")
    op.drop_constraint(op.f("fk_complaints_lead_id_staff"), "complaints", type_="foreignkey")
    op.drop_constraint(op.f("fk_complaints_handler_id_staff"), "complaints", type_="foreignkey")
    op.drop_index(op.f("ix_complaints_unit_code"), table_name="complaints")
    op.drop_index(op.f("ix_complaints_handler_id"), table_name="complaints")
    op.drop_column("complaints", "resolved_by")
    op.drop_column("complaints", "assigned_at")
    op.drop_column("complaints", "lead_id")
    op.drop_column("complaints", "handler_id")
    op.drop_column("complaints", "unit_code")
    op.drop_index("ix_notices_unit_unseen", table_name="notices", postgresql_where=sa.text("seen_at IS NULL"))
    op.drop_index("ix_notices_staff_unseen", table_name="notices", postgresql_where=sa.text("seen_at IS NULL"))
    op.drop_index(op.f("ix_notices_complaint_id"), table_name="notices")
    op.drop_table("notices")
    op.drop_index(op.f("ix_rechecks_complaint_id"), table_name="rechecks")
    op.drop_table("rechecks")
    op.drop_index(op.f("ix_plans_complaint_id"), table_name="plans")
    op.drop_table("plans")
    op.drop_index(op.f("ix_case_tasks_department"), table_name="case_tasks")
    op.drop_index(op.f("ix_case_tasks_complaint_id"), table_name="case_tasks")
    op.drop_table("case_tasks")
    op.drop_index(op.f("ix_case_links_other_id"), table_name="case_links")
    op.drop_index(op.f("ix_case_links_complaint_id"), table_name="case_links")
    op.drop_table("case_links")
    op.drop_table("avoidances")
    op.drop_index(op.f("ix_approvals_complaint_id"), table_name="approvals")
    op.drop_table("approvals")
