"""A record has one canonical form, and a hash that nothing but that form and the hash before it can have."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from bot.audit import AuditRecord
from bot.audit.chain import BEGINNING, canonical_json, hash_of

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(1, 2**63 - 1),
    "at": st.datetimes(timezones=st.just(UTC)),
    "actor": st.text(max_size=60),
    "action": st.text(max_size=40),
    "subject": st.text(max_size=80),
    "detail": st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
}


def a_record(**columns: Any) -> AuditRecord:
    """A record as it is read from the table."""
    usual = {"id": 7, "at": AT, "actor": "staff:li", "action": "resolve", "subject": "TS-1", "detail": {"why": "退款"}}
    return AuditRecord(**(usual | columns))


def test_the_canonical_form_has_sorted_keys_no_blanks_and_readable_chinese() -> None:
    expected = (
        '{"action":"resolve","actor":"staff:li","at":"2026-11-23T02:00:00.000000+00:00",'
        '"detail":{"a":1,"why":"退款"},"id":7,"subject":"TS-1"}'
    )
    assert canonical_json(a_record(detail={"why": "退款", "a": 1})) == expected.encode()


def test_the_same_moment_has_the_same_form_in_every_time_zone() -> None:
    in_wuhan = AT.astimezone(timezone(timedelta(hours=8)))
    assert canonical_json(a_record(at=in_wuhan)) == canonical_json(a_record())


def test_a_seal_is_the_sha256_of_the_seal_before_it_and_the_record() -> None:
    record = a_record()
    assert hash_of(record, BEGINNING) == hashlib.sha256(bytes(32) + canonical_json(record)).digest()


@given(st.data())
def test_a_change_of_any_column_changes_the_hash(data: st.DataObject) -> None:
    columns = {name: data.draw(values, name) for name, values in VALUES.items()}
    changed = data.draw(st.sampled_from(sorted(VALUES)))
    other = data.draw(VALUES[changed])
    assume(other != columns[changed])
    assert hash_of(a_record(**columns), BEGINNING) != hash_of(a_record(**(columns | {changed: other})), BEGINNING)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_change_of_the_seal_before_changes_the_hash(one: bytes, other: bytes) -> None:
    assume(one != other)
    assert hash_of(a_record(), one) != hash_of(a_record(), other)
