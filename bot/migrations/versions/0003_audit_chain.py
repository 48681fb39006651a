"""The audit log cannot be edited: triggers refuse it, and a chain of hashes shows whether it was done all the same.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNCHANGEABLE = ("audit_records", "audit_seals")


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["audit_records.id"], name=op.f("fk_audit_seals_record_id_audit_records")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("record_id", name=op.f("uq_audit_seals_record_id")),
    )
    op.create_table(
        "audit_unsealed",
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_audit_unsealed")),
    )
    note_new_records()
    refuse_changes()


def note_new_records() -> None:
    # The trigger comes first: it locks out writers, so that no record slips in between the two.
    op.execute(
        """
        CREATE FUNCTION note_unsealed_audit_records() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_unsealed (record_id) SELECT id FROM written;
            RETURN NULL;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_records_await_seal AFTER INSERT ON audit_records
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_unsealed_audit_records()
        """
    )
    op.execute("INSERT INTO audit_unsealed (record_id) SELECT id FROM audit_records")


def refuse_changes() -> None:
    op.execute(
        """
        CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% on % is refused: the audit log is only ever added to', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END $$
        """
    )
    for table in UNCHANGEABLE:
        op.execute(
            f"CREATE TRIGGER {table}_unchangeable BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )


def downgrade() -> None:
    op.drop_table("audit_seals")
    op.execute("DROP TRIGGER audit_records_unchangeable ON audit_records")
    op.execute("DROP TRIGGER audit_records_await_seal ON audit_records")
    op.drop_table("audit_unsealed")
    op.execute("DROP FUNCTION refuse_audit_change")
    op.execute("DROP FUNCTION note_unsealed_audit_records")
