"""Photos and documents in the web chat: the type is what the content says, and nobody else fetches them."""

import io
import zipfile

import pytest

from bot.clock import Clock
from bot.conversations.attachments import safe_file_name
from bot.database import Database
from tests.integration.webchat.served import Served, bearer, serving

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "0001e221bc330000000049454e44ae426082"
)


def office(part: str, *more: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in ("docProps/app.xml", "[Content_Types].xml", part, *more):
            archive.writestr(name, "<xml/>")
    return content.getvalue()


TAKEN = {
    "photo.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64), "image/jpeg", "photo"),
    "photo.png": (PNG, "image/png", "photo"),
    "photo.webp": (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(64), "image/webp", "photo"),
    "photo.gif": (b"GIF89a" + bytes(64), "image/gif", "photo"),
    "photo.heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64), "image/heic", "photo"),
    "statement.pdf": (b"%PDF-1.7\n" + bytes(64), "application/pdf", "document"),
    "letter.docx": (
        office("word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "document",
    ),
    "list.xlsx": (
        office("xl/workbook.xml"),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "document",
    ),
    "说明.txt": ("那天我去武昌支行取款。".encode(), "text/plain", "document"),
    "old.txt": ("那天我去武昌支行取款。".encode("gb18030"), "text/plain", "document"),
}

REFUSED = {
    "photo.jpg": b"MZ\x90\x00" + bytes(64),
    "page.txt": b"<!DOCTYPE html><script>alert(1)</script>",
    "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "archive.docx": office("readme.txt"),
    "macros.docx": office("word/document.xml", "word/vbaProject.bin"),
    "broken.docx": b"PK\x03\x04" + bytes(40),
    "song.mp3": b"ID3" + bytes(64),
    "bytes.txt": b"abc\x00def",
    "script.pdf": b"#!/bin/sh\x01",
}


@pytest.mark.parametrize("name", TAKEN)
async def test_a_file_is_taken_by_its_content_and_comes_back_unchanged(gateway: Served, name: str) -> None:
    content, content_type, kind = TAKEN[name]
    token = await gateway.new_session()
    sent = await gateway.send_file(token, "wrong.bin", content, text="这是回单")
    assert sent.status_code == 200, sent.text
    message = (await gateway.read(token))[-1]
    assert (message["id"], message["text"]) == (sent.json()["id"], "这是回单")
    attachment = message["attachment"]
    assert (attachment["content_type"], attachment["kind"], attachment["size"]) == (content_type, kind, len(content))
    fetched = await gateway.http.get(f"/api/chat/attachments/{attachment['id']}", headers=bearer(token))
    assert fetched.content == content
    assert fetched.headers["content-type"].split(";")[0] == content_type
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert fetched.headers["content-disposition"].startswith("inline" if kind == "photo" else "attachment")
    assert "no-store" in fetched.headers["cache-control"]


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_that_is_not_what_it_is_called_is_refused(gateway: Served, name: str) -> None:
    token = await gateway.new_session()
    response = await gateway.send_file(token, name, REFUSED[name])
    assert (response.status_code, response.json()["error"]) == (415, "unsupported_file")
    assert len(await gateway.read(token)) == 1


async def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_taken(database: Database, clock: Clock) -> None:
    limit = 1024 * 1024
    async with serving(database, clock, upload_limit_mib=1) as served:
        token = await served.new_session()
        pdf = b"%PDF-1.7\n"
        assert (await served.send_file(token, "a.pdf", pdf.ljust(limit))).status_code == 200
        over = await served.send_file(token, "a.pdf", pdf.ljust(limit + 1))
        assert (over.status_code, over.json()["error"]) == (413, "file_too_large")
        far_over = await served.send_file(token, "a.pdf", pdf.ljust(5 * limit))
        assert (far_over.status_code, far_over.json()["error"]) == (413, "body_too_large")


async def test_an_empty_file_and_a_form_without_file_are_refused(gateway: Served) -> None:
    token = await gateway.new_session()
    assert (await gateway.send_file(token, "a.pdf", b"")).json()["error"] == "empty_file"
    for form in [
        {"data": {"text": "好"}},
        {"files": {"photo": PNG}},
        {"json": {"file": "x"}},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"--x\r\n\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    ]:
        headers = bearer(token) | form.pop("headers", {})  # type: ignore[arg-type, operator]
        response = await gateway.http.post("/api/chat/attachments", headers=headers, **form)  # type: ignore[arg-type]
        assert response.status_code in {400, 422}, form
        assert set(response.json()) == {"error", "message"}


async def test_a_file_sent_again_with_the_same_client_id_is_taken_once(gateway: Served) -> None:
    token = await gateway.new_session()
    ids = [(await gateway.send_file(token, "a.png", PNG, client_id="p-1")).json()["id"] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(await gateway.read(token)) == 2


async def test_another_session_cannot_fetch_the_file(gateway: Served) -> None:
    mine, theirs = await gateway.new_session(), await gateway.new_session()
    await gateway.send_file(mine, "a.png", PNG)
    attachment = (await gateway.read(mine))[-1]["attachment"]["id"]
    response = await gateway.http.get(f"/api/chat/attachments/{attachment}", headers=bearer(theirs))
    assert (response.status_code, response.json()["error"]) == (404, "attachment_unknown")
    assert (await gateway.http.get("/api/chat/attachments/none", headers=bearer(mine))).status_code == 422


@pytest.mark.parametrize(
    ("given", "content_type", "kept"),
    [
        ("回单.pdf", "application/pdf", "回单.pdf"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\li\\IMG.JPG", "image/jpeg", "IMG.jpg"),
        ("virus.exe", "application/pdf", "virus.exe.pdf"),
        ("exe.\u202efdp.txt", "application/pdf", "exe.fdp.txt.pdf"),
        ("", "image/png", "file.png"),
        ("\r\nSet-Cookie: x", "image/png", "Set-Cookie: x.png"),
        ("长" * 300 + ".png", "image/png", "长" * 100 + ".png"),
    ],
)
async def test_a_file_name_is_kept_without_folders_tricks_or_a_wrong_ending(
    given: str, content_type: str, kept: str
) -> None:
    assert safe_file_name(given, content_type) == kept
