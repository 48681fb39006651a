"""Where people are sent after signing in, and whose forms are taken."""

import pytest
from fastapi import HTTPException, Request

from bot.desk.gate import refuse_other_sites, safe_return


@pytest.mark.parametrize(
    ("asked", "sent_to"),
    [
        ("/conversations/7", "/conversations/7"),
        (None, "/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
    ],
)
def test_signing_in_never_leads_to_another_site(asked: str | None, sent_to: str) -> None:
    assert safe_return(asked) == sent_to


def _form_sent_with(**headers: str) -> Request:
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": listed})


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"origin": "https://desk.bank.example", "host": "desk.bank.example"},
        {"host": "desk.bank.example"},
    ],
)
def test_forms_of_our_own_pages_are_taken(headers: dict[str, str]) -> None:
    refuse_other_sites(_form_sent_with(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example", "host": "desk.bank.example"},
        {"origin": "null", "host": "desk.bank.example"},
        {"content_length": "1000000"},
        {"transfer_encoding": "chunked"},
    ],
)
def test_forms_of_other_sites_and_huge_ones_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(HTTPException):
        refuse_other_sites(_form_sent_with(**headers))
