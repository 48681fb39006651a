"""Requests that come twice: the same key gets the same answer, and the change is made once."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.api.models import KeptAnswer
from bot.api.tokens import Caller

KEPT_FOR = timedelta(days=7)
Answer = TypeVar("Answer", bound=BaseModel)


class KeyUsedOtherwise(Exception):
    """The key came with another request before."""


async def once(
    session: AsyncSession,
    caller: Caller,
    key: str | None,
    request: str,
    act: Callable[[], Awaitable[Answer]],
    answer_type: type[Answer],
    *,
    now: datetime,
) -> Answer:
    """Act, or answer as the first time. The answer is kept in the transaction of the act; a failure keeps nothing.

    Args:
        key: the request's `Idempotency-Key`; without one every request counts.
        request: everything that makes it this request and no other.

    Raises:
        KeyUsedOtherwise: the key belongs to another request.
    """
    if key is None:
        return await act()
    # Of two that come at once, the second waits for the first one's answer.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{caller.token_id}:{key}", 0))))
    expired = delete(KeptAnswer).where(KeptAnswer.token_id == caller.token_id, KeptAnswer.kept_at < now - KEPT_FOR)
    await session.execute(expired)
    request_hash = hashlib.sha256(request.encode()).hexdigest()
    kept = await session.get(KeptAnswer, (caller.token_id, key))
    if kept is None:
        answer = await act()
        session.add(
            KeptAnswer(
                token_id=caller.token_id,
                key=key,
                request_hash=request_hash,
                answer=answer.model_dump(mode="json"),
                kept_at=now,
            )
        )
        return answer
    if kept.request_hash != request_hash:
        raise KeyUsedOtherwise(key)
    return answer_type.model_validate(kept.answer)
