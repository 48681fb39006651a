"""Every process hears of a sign when it is committed, and goes on when it cannot read one."""

import asyncio
import uuid

from bot.conversations.presence import PRESENCE_CHANNEL, Doing, Presences, Present, Sign, give_sign
from bot.database import Database, notify
from tests.builders import until


async def test_two_processes_hear_the_same(database: Database) -> None:
    sign = Sign(conversation_id=uuid.uuid4(), doing=Doing.READING, page_id=uuid.uuid4(), staff_id=uuid.uuid4())
    processes = [Presences(database), Presences(database)]
    tasks = [asyncio.create_task(process.run()) for process in processes]

    async def both_have_heard() -> bool:
        async with database.transaction() as session:
            await notify(session, PRESENCE_CHANNEL, '{"doing": "dancing"}')
            await give_sign(session, sign)
        heard = [process.staff_in(sign.conversation_id) for process in processes]
        return heard == [[Present(sign.staff_id, is_typing=False)]] * 2

    await until(both_have_heard, seconds=10)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
