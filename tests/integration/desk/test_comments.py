"""What other systems comment on a complaint, as the desk shows it."""

import uuid
from typing import Any

from bot.api.reading import complaint_for
from bot.api.steps import comment
from bot.api.tokens import Caller, Scope
from bot.audit import record
from bot.complaints.models import Complaint
from bot.database import Database
from bot.desk.acts import at_hand
from bot.desk.casefile import COMMENTS_SHOWN, casefile_of
from bot.desk.masked import Personal
from bot.staff.models import Role, StaffMember
from tests.integration.desk.scene import Scene

CRM = Caller(uuid.uuid4(), "crm", frozenset({Scope.COMMENT}), "HB")


async def a_case_with(scene: Scene, *texts: str) -> Complaint:
    complaint = await scene.complaint(await scene.customer_writes("卡被吞了"), opened_at=scene.clock())
    async with scene.database.transaction() as session:
        for text in texts:
            await comment(session, CRM, complaint.number, text, now=scene.clock())
    return complaint


async def shown_to(scene: Scene, member: StaffMember, complaint: Complaint, *revealed: Personal) -> dict[str, Any]:
    async with scene.database.transaction() as session:
        found = await session.get_one(Complaint, complaint.id)
        case = await at_hand(session, found, member, "en", holds_conversation=False, now=scene.clock())
        return await casefile_of(case, revealed)


async def test_comments_stand_beside_the_case_with_the_systems_name_the_newest_first(scene: Scene) -> None:
    complaint = await a_case_with(scene, "核对中", " <b>已核对</b> ")
    shown = await shown_to(scene, await scene.member(), complaint)
    assert [(one["by"], one["text"]) for one in shown["comments"]] == [
        ("crm (another system)", "<b>已核对</b>"),
        ("crm (another system)", "核对中"),
    ]
    assert [(step["what"], step["by"]) for step in shown["timeline"]][:2] == [
        ("Comment by another system", "crm (another system)")
    ] * 2


async def test_a_telephone_number_in_a_comment_is_masked_until_it_is_asked_for(scene: Scene) -> None:
    complaint = await a_case_with(scene, "请回电 027-87654321")
    li = await scene.member()
    shown = await shown_to(scene, li, complaint)
    assert (shown["comments"][0]["text"], shown["mayRevealComments"]) == ("请回电 027-****4321", True)
    shown = await shown_to(scene, li, complaint, Personal.PHONE)
    assert (shown["comments"][0]["text"], shown["mayRevealComments"]) == ("请回电 027-87654321", False)
    auditor = await scene.member("audit", role=Role.AUDITOR, unit_code="HB")
    assert not (await shown_to(scene, auditor, complaint))["mayRevealComments"]


async def test_of_many_comments_the_latest_are_shown(scene: Scene) -> None:
    complaint = await a_case_with(scene, *(f"第{count}条" for count in range(COMMENTS_SHOWN + 5)))
    shown = await shown_to(scene, await scene.member(), complaint)
    assert [shown["comments"][0]["text"], shown["comments"][-1]["text"]] == [f"第{COMMENTS_SHOWN + 4}条", "第5条"]


async def test_that_a_system_reads_a_complaint_again_and_again_does_not_fill_its_timeline(
    scene: Scene, database: Database
) -> None:
    complaint = await a_case_with(scene, "核对中")
    async with database.transaction() as session:
        for _ in range(120):
            found = await complaint_for(session, CRM, complaint.number)
            record(session, at=scene.clock(), actor=CRM.actor, action="see_complaint", subject=found.number)
    shown = await shown_to(scene, await scene.member(), complaint)
    assert [step["what"] for step in shown["timeline"]] == ["Comment by another system", "Registered"]
