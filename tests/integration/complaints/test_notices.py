"""Notices: whose they are, and that what one person has seen stays unseen for the others."""

import uuid
from datetime import timedelta

from bot.complaints.models import Notice, NoticeKind
from bot.complaints.notices import LISTED_FOR, ListedNotice, Reader, notices_for, notify, see, see_all, unseen_count
from bot.complaints.people import Candidate
from tests.builders import audit_trail
from tests.conftest import FakeClock
from tests.integration.complaints.case import Case
from tests.integration.complaints.people import OUTLET, People


def reads(person: Candidate, *, sorts_unplaced: bool = False) -> Reader:
    return Reader(person.id, person.username, unit_code=person.unit_code, sorts_unplaced=sorts_unplaced)


async def listed(case: Case, reader: Reader) -> list[ListedNotice]:
    async with case.database.transaction() as session:
        found = await notices_for(session, reader, now=case.clock(), limit=10)
        unseen = await unseen_count(session, reader, now=case.clock())
    assert unseen == len([notice for notice in found if notice.seen_at is None])
    return found


async def tell(
    case: Case, kind: NoticeKind, *, staff_id: uuid.UUID | None = None, unit_code: str | None = None
) -> None:
    await case.does(notify, kind, staff_id=staff_id, unit_code=unit_code)


async def test_a_person_gets_their_own_notices_and_their_units(case: Case, people: People) -> None:
    await tell(case, NoticeKind.HALF_TIME, staff_id=people.handler.id)
    await tell(case, NoticeKind.ONE_DAY_LEFT, unit_code=OUTLET)
    await tell(case, NoticeKind.DEADLINE_MISSED)
    kinds = {
        name: [
            notice.kind for notice in await listed(case, reads(getattr(people, name), sorts_unplaced=name == "lead"))
        ]
        for name in ("handler", "supervisor", "next_door", "lead")
    }
    assert kinds == {
        "handler": [NoticeKind.ONE_DAY_LEFT, NoticeKind.HALF_TIME],
        "supervisor": [NoticeKind.ONE_DAY_LEFT],
        "next_door": [],
        "lead": [NoticeKind.DEADLINE_MISSED],
    }
    (notice,) = await listed(case, reads(people.supervisor))
    assert (notice.number, notice.outlet_code, notice.deadline) == (case.number, OUTLET, None)


async def test_what_one_person_has_seen_stays_unseen_for_the_others_of_the_unit(case: Case, people: People) -> None:
    await tell(case, NoticeKind.ONE_DAY_LEFT, unit_code=OUTLET)
    (notice,) = await case.rows(Notice)
    handler, supervisor = reads(people.handler), reads(people.supervisor)
    seen_at = case.clock()
    for _ in range(2):
        async with case.database.transaction() as session:
            await see(session, handler, notice.id, now=seen_at)
        case.clock.now += timedelta(minutes=1)  # type: ignore[attr-defined]
    assert [found.seen_at for found in await listed(case, handler)] == [seen_at]
    assert [found.seen_at for found in await listed(case, supervisor)] == [None]
    assert await audit_trail(case.database, f"notice:{notice.id}") == ["staff:handler: see_notice"]


async def test_nobody_sees_a_notice_for_somebody_else(case: Case, people: People) -> None:
    await tell(case, NoticeKind.HALF_TIME, staff_id=people.handler.id)
    (notice,) = await case.rows(Notice)
    async with case.database.transaction() as session:
        await see(session, reads(people.supervisor), notice.id, now=case.clock())
        await see_all(session, reads(people.next_door), up_to=notice.id, now=case.clock())
    assert [found.seen_at for found in await listed(case, reads(people.handler))] == [None]
    assert await audit_trail(case.database, f"notice:{notice.id}") == []


async def test_all_shown_are_seen_at_once_and_later_ones_are_not(case: Case, people: People) -> None:
    for kind in (NoticeKind.HALF_TIME, NoticeKind.ONE_DAY_LEFT, NoticeKind.DEADLINE_MISSED):
        await tell(case, kind, staff_id=people.handler.id)
    second = (await case.rows(Notice))[1]
    reader = reads(people.handler)
    async with case.database.transaction() as session:
        await see_all(session, reader, up_to=second.id, now=case.clock())
    assert [found.kind for found in await listed(case, reader) if found.seen_at is None] == [NoticeKind.DEADLINE_MISSED]


async def test_old_notices_are_listed_no_more(case: Case, people: People, clock: FakeClock) -> None:
    await tell(case, NoticeKind.HALF_TIME, unit_code=OUTLET)
    clock.now += LISTED_FOR
    assert await listed(case, reads(people.supervisor)) == []
