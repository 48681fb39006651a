"""The second factor at a desk that requires it, as a browser meets it."""

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import httpx
import pyotp
import pytest

from bot.clock import system_clock
from tests.integration.desk.scene import Scene
from tests.integration.desk.served import ServedDesk, serving
from tests.integration.desk.test_door import sign_in

KEY = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
RECOVERY_CODE = re.compile(r"(?<![\w-])[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}(?![\w-])")


@pytest.fixture(scope="module")
def strict_desk(migrated_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk at which everybody needs a second factor."""
    with serving(migrated_url, tmp_path_factory.mktemp("strict"), TINGSU_SECOND_FACTOR="required") as served:
        yield served


def location(answer: httpx.Response) -> str:
    return str(answer.headers["location"])


def code_of(key: str, steps_off: int = 0) -> str:
    return pyotp.TOTP(key).at(system_clock() + timedelta(seconds=30 * steps_off))


async def test_nothing_opens_before_it_is_set_up_and_then_a_code_is_asked_for(
    strict_desk: ServedDesk, scene: Scene
) -> None:
    await scene.member("li")
    with strict_desk.browser() as browser:
        sign_in(browser, "li")
        assert location(browser.get("/")) == "/second-factor"
        assert browser.get(f"/attachments/{uuid.uuid4()}").status_code == 403
        found = KEY.search(browser.get("/second-factor").text)
        assert found is not None
        key = found[0].replace(" ", "")
        assert location(browser.post("/second-factor", data={"code": "000000"})) == "/second-factor?fault=wrong_code"
        assert location(browser.post("/second-factor", data={"code": code_of(key, -1)})) == "/second-factor/codes"
        codes = sorted(set(RECOVERY_CODE.findall(unescape(browser.get("/second-factor/codes").text))))
        assert len(codes) == 8
        assert location(browser.post("/second-factor/codes")) == "/"
        assert location(browser.get("/second-factor/codes")) == "/"
        assert browser.get("/").status_code == 200
        assert key not in browser.get("/second-factor").text.replace(" ", "")
        assert location(browser.post("/second-factor", data={"code": code_of(key)})) == "/second-factor"

    with strict_desk.browser() as browser:
        assert location(sign_in(browser, "li", back="/conversations/7")) == "/sign-in/code?next=%2Fconversations%2F7"
        assert location(browser.get("/")).startswith("/sign-in")
        assert browser.get("/sign-in/code").status_code == 200
        answer = browser.post("/sign-in/code", data={"code": "000000", "next": "/"})
        assert location(answer) == "/sign-in/code?refused=1&next=%2F"
        answer = browser.post("/sign-in/code", data={"code": codes[0], "next": "/conversations/7"})
        assert location(answer) == "/conversations/7"
        assert browser.get("/").status_code == 200


async def test_the_page_for_the_code_is_for_those_whose_password_was_right(
    strict_desk: ServedDesk, scene: Scene
) -> None:
    await scene.member("li")
    with strict_desk.browser() as browser:
        assert location(browser.get("/sign-in/code")) == "/sign-in"
        answer = browser.post("/sign-in/code", data={"code": "123456"})
        assert "set-cookie" not in answer.headers
        assert location(browser.post("/second-factor", data={"code": "123456"})) == "/sign-in"


@pytest.mark.parametrize("address", ["/sign-in/code", "/second-factor", "/second-factor/codes"])
def test_forms_of_other_sites_are_refused(strict_desk: ServedDesk, database_url: str, address: str) -> None:
    with strict_desk.browser() as browser:
        assert browser.post(address, headers={"origin": "https://evil.example"}).status_code == 403
