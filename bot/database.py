"""PostgreSQL: engine, sessions, and the notices by which processes tell each other what has changed.

PostgreSQL is the only truth. A use case opens one session, works in one transaction, and commits; whoever shows data
live listens for the notice that goes out with the commit.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import psycopg
from psycopg import sql
from sqlalchemy import ColumnElement, DateTime, Dialect, Enum, Float, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import UserDefinedType

NOTICE_CHANNEL = "tingsu_changed"
"""PostgreSQL's NOTIFY channel; the payload is the id of the conversation in which something changed."""


class Vector(UserDefinedType[list[float]]):
    """pgvector's `vector`: numbers written as `[1,2,3]`, with the distance by angle.

    Args:
        dimension: how many numbers.
    """

    cache_ok = True

    class comparator_factory(UserDefinedType.Comparator[list[float]]):  # noqa: N801 - SQLAlchemy's name
        def cosine_distance(self, other: Any) -> ColumnElement[float]:
            """0 for the same direction, 1 at right angles."""
            return self.expr.op("<=>", return_type=Float())(other)

    def __init__(self, dimension: int | None = None) -> None:
        self.dimension = dimension

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in a table's definition."""
        return "vector" if self.dimension is None else f"vector({self.dimension})"

    def bind_processor(self, dialect: Dialect) -> Callable[[list[float] | None], str | None]:
        """Numbers as PostgreSQL reads them."""
        return lambda numbers: None if numbers is None else f"[{','.join(map(repr, numbers))}]"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], list[float] | None]:
        """Numbers as PostgreSQL writes them."""
        return lambda written: None if written is None else [float(number) for number in written[1:-1].split(",")]


ischema_names["vector"] = Vector  # so that migrations know the type when they read the schema


class Base(DeclarativeBase):
    """Parent of all tables. Times are with time zone; free-form values are JSONB."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        StrEnum: Enum(
            StrEnum, native_enum=False, length=40, values_callable=lambda labels: [label.value for label in labels]
        ),
    }


def libpq_url(url: str) -> str:
    """The address as psycopg and procrastinate want it: `postgresql://…`, without a driver's name."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


class Database:
    """One process's way to PostgreSQL.

    Args:
        url: `postgresql://…`; a socket folder may stand in `?host=`.
        pool_size: connections kept open; twice as many may be used for a moment.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = libpq_url(url)
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=True,
            hide_parameters=True,  # an error must not quote a customer's words into a log
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in a transaction that commits at the end, or rolls back when the block raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def answers(self) -> bool:
        """Whether a query comes back."""
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - any failure means the same to a health check
            return False
        return True

    async def listen(self, channel: str = NOTICE_CHANNEL) -> AsyncIterator[str]:
        """What other processes tell as it is committed, until the connection ends; an empty text at the beginning.

        Args:
            channel: PostgreSQL's NOTIFY channel; by default the ids of conversations in which something changed.

        Raises:
            psycopg.OperationalError: when PostgreSQL goes away; the caller listens again and fetches what it missed.
        """
        connection = await psycopg.AsyncConnection.connect(
            self.url, autocommit=True, keepalives_idle=10, keepalives_interval=5, keepalives_count=3
        )
        async with connection:
            await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield ""  # listening now: whatever was committed before is the caller's to fetch
            async for notice in connection.notifies():
                yield notice.payload

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def notify_changed(session: AsyncSession, conversation_id: object) -> None:
    """Tell the other processes, when this transaction commits, that the conversation has changed."""
    await notify(session, NOTICE_CHANNEL, str(conversation_id))


async def notify(session: AsyncSession, channel: str, payload: str) -> None:
    """Tell whoever listens on the channel, when this transaction commits."""
    await session.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": channel, "payload": payload})


async def driver_connection(session: AsyncSession) -> psycopg.AsyncConnection[Any]:
    """The session's own psycopg connection, for work that must be part of its transaction."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    driver: psycopg.AsyncConnection[Any] = raw.driver_connection  # type: ignore[assignment]
    return driver
