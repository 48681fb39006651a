"""Photos and documents of customers: what they are is found by their content, not by what the sender calls them."""

import io
import re
import zipfile
from pathlib import PurePosixPath

import filetype

OFFICE_PARTS = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The part that makes a ZIP archive a Word or an Excel file."""

SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/gif": (".gif",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    OFFICE_PARTS["word/document.xml"]: (".docx",),
    OFFICE_PARTS["xl/workbook.xml"]: (".xlsx",),
    "text/plain": (".txt",),
}
"""Every type that is taken, with the file name endings it may carry; the first is given to a name with a wrong one."""

SHOWN_IN_PLACE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "image/heic"})
LONGEST_STEM = 100
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, and those that turn the reading direction: «exe.‮txt» must not pass for a text file."""
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
MARKUP = re.compile(r"\s*(<!doctype|<\?xml|<html|<svg|<script|<head|<body|<!--)", re.IGNORECASE)


class UnknownType(Exception):
    """The content is of no type that is taken."""


def content_type_of(content: bytes) -> str:
    """The type of a file, found by its content.

    Raises:
        UnknownType: none of those in `SUFFIXES`.
    """
    guessed = filetype.guess_mime(content[:8192])
    if guessed in SUFFIXES and guessed not in OFFICE_PARTS.values():
        return str(guessed)
    if content[:4] == b"PK\x03\x04":
        return _office_type(content)
    if guessed is None and _is_plain_text(content):
        return "text/plain"
    raise UnknownType


def _office_type(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise UnknownType from error
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnknownType
    for part, content_type in OFFICE_PARTS.items():
        if part in names:
            return content_type
    raise UnknownType


def _is_plain_text(content: bytes) -> bool:
    if BINARY.search(content):
        return False
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return not MARKUP.match(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return False


def safe_file_name(name: str, content_type: str) -> str:
    """The customer's name for a file, without folders and control characters, with an ending that tells the truth."""
    base = UNPRINTABLE.sub("", PurePosixPath(name.replace("\\", "/")).name).strip(" .")
    path = PurePosixPath(base or "file")
    suffixes = SUFFIXES[content_type]
    if path.suffix.lower() in suffixes:
        return path.stem[:LONGEST_STEM] + path.suffix.lower()
    return path.name[:LONGEST_STEM] + suffixes[0]
