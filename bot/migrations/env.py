"""How Alembic reaches the database: `bot.migrate` hands it the address, or an open connection."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from bot.tables import Base


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Whether autogenerate may look at it."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


url = make_url(context.config.attributes["url"]).set(drivername="postgresql+psycopg")
with create_engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, include_object=is_ours, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
