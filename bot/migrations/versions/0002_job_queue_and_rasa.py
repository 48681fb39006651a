"""The job queue's tables, and the schema in which rasa keeps its trackers.

Revision ID: 0002
Revises: 0001

procrastinate's schema comes from the installed, pinned library. When its pin is raised, a migration here applies the
steps that its release notes name.
"""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The schema has dollar-quoted functions and percent signs: it goes to the driver as it is.
    op.get_bind().connection.driver_connection.execute(SchemaManager.get_schema())
    op.execute("CREATE SCHEMA rasa")


def downgrade() -> None:
    op.execute("DROP SCHEMA rasa CASCADE")
    for kind, name in (
        ("TABLE", "procrastinate_events"),
        ("TABLE", "procrastinate_periodic_defers"),
        ("TABLE", "procrastinate_jobs"),
        ("TABLE", "procrastinate_workers"),
    ):
        op.execute(f"DROP {kind} {name} CASCADE")
    op.execute(
        """
        DO $$
        DECLARE made record;
        BEGIN
            FOR made IN SELECT oid::regprocedure AS signature FROM pg_proc WHERE proname LIKE 'procrastinate\\_%' LOOP
                EXECUTE 'DROP FUNCTION ' || made.signature || ' CASCADE';
            END LOOP;
            FOR made IN SELECT oid::regtype AS signature FROM pg_type WHERE typname LIKE 'procrastinate\\_%' AND typtype = 'e' LOOP
                EXECUTE 'DROP TYPE ' || made.signature || ' CASCADE';
            END LOOP;
            FOR made IN SELECT oid::regtype AS signature FROM pg_type
                WHERE typname LIKE 'procrastinate\\_%' AND typtype = 'c' AND typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
            LOOP
                EXECUTE 'DROP TYPE ' || made.signature || ' CASCADE';
            END LOOP;
        END $$;
        """
    )
