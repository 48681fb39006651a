"""A person leaves the desk: the customers they were with go back to the queue."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.returning import release_all_of
from bot.staff.sign_in import is_signed_in, sign_out, who_is


async def leave(session: AsyncSession, token: str | None, now: datetime) -> None:
    """Sign a browser out; with the person's last one go the conversations that they hold."""
    person = await who_is(session, token, now)
    await sign_out(session, token, now)
    if person is not None and not await is_signed_in(session, person, now):
        await release_all_of(session, person.id, why="signed_out", now=now)
