"""The API keeps to its OpenAPI description: Schemathesis asks whatever the description allows, and what it does not."""

import asyncio
from datetime import timedelta

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from sqlalchemy import update

from bot.api.app import ADDRESS, api_app
from bot.api.events import Publisher
from bot.api.tokens import Scope, add_token
from bot.clock import system_clock
from bot.complaints.lifecycle import State
from bot.complaints.models import Complaint
from bot.database import Database
from bot.settings import Settings
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk

BOUNDED = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
ACCEPTED = ["2xx", "401", "403", "404", "409", "412"]
"""What a valid request may get; 412 because a valid If-Match need not be the present one."""


async def _furnish(url: str) -> tuple[str, str]:
    """Some complaints and events, and a token that may do everything.

    Returns:
        The token, and the number of a complaint that can be started.
    """
    database = Database(url)
    scene = Scene(database, system_clock)
    for hours in range(3):
        opened_at = system_clock() - timedelta(hours=hours)
        complaint = await scene.complaint(await scene.customer_writes("卡被吞了"), opened_at=opened_at)
    async with database.transaction() as session:
        await session.execute(update(Complaint).where(Complaint.id == complaint.id).values(state=State.ASSIGNED))
        token = await add_token(
            session, name="crm", scopes=list(Scope), unit_code="HB", days=1, created_by="system", now=system_clock()
        )
    await Publisher(database, system_clock).publish()
    await database.close()
    return token, complaint.number


@pytest.fixture
def furnished(desk: ServedDesk, database_url: str) -> tuple[str, str]:
    # Schemathesis calls from plain functions, outside of the tests' own loop.
    return asyncio.run(_furnish(database_url))


schema = schemathesis.openapi.from_dict(
    api_app(Database("postgresql://nowhere/none"), system_clock, Settings(_env_file=None)).openapi()
)
schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTED


@schema.parametrize()
@BOUNDED
def test_the_api_does_what_its_description_says(case: Case, desk: ServedDesk, furnished: tuple[str, str]) -> None:
    token, number = furnished
    authorization = {"Authorization": f"Bearer {token}"}
    if case.meta is not None and case.meta.generation.mode.is_positive and "number" in case.path_parameters:
        _make_real(case, number, desk, authorization)
    case.call_and_validate(base_url=f"{desk.address}{ADDRESS}", headers=authorization)


def _make_real(case: Case, number: str, desk: ServedDesk, authorization: dict[str, str]) -> None:
    """A complaint that is there, as it stands: random numbers would never get beyond the door."""
    case.path_parameters["number"] = number
    if "If-Match" in case.headers:
        address = f"{desk.address}{ADDRESS}/complaints/{number}"
        case.headers["If-Match"] = httpx.get(address, headers=authorization, trust_env=False).headers["etag"]
