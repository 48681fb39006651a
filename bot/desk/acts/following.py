"""Whoever works on cases may follow one that they see: what happens to it is told behind their bell."""

from collections.abc import Iterable

from bot.complaints.follows import follow, unfollow
from bot.desk.acts.offers import CASE_ACTS, CaseAtHand, Offer, Values
from bot.staff.permissions import Act


def _follow(case: CaseAtHand) -> Iterable[Offer]:
    if case.may(Act.RESOLVE) and not case.is_followed:
        yield Offer(place="follow", tone="quiet")


@CASE_ACTS.act("follow", _follow)
async def _do_follow(case: CaseAtHand, _target: str, _values: Values) -> None:
    follow(case.session, case.complaint, case.member.id, actor=case.actor, now=case.now)


def _unfollow(case: CaseAtHand) -> Iterable[Offer]:
    """Whatever the person's role is by now: nobody is kept among those who are told."""
    if case.is_followed:
        yield Offer(place="follow", tone="quiet")


@CASE_ACTS.act("unfollow", _unfollow)
async def _do_unfollow(case: CaseAtHand, _target: str, _values: Values) -> None:
    unfollow(case.session, case.complaint, case.member.id, actor=case.actor, now=case.now)
