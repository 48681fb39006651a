"""Outlets: which of the bank's units a customer means. Names are matched against `data/organisation.yml`, forgiving a wrong or missing character."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Iterable, Iterator, Optional

import yaml
from rapidfuzz import fuzz, process

from nlu.script import plain_form

# What a place is called when no unit of that name is known: «解放路那个网点», "the Hankou branch".
MENTION = re.compile(
    r"(?P<zh>[\u4e00-\u9fff]{2,8}?(?:支行|分行|分理处|营业部|营业厅|网点|储蓄所|营业所))|\b(?P<en>(?:[a-z]+\s){1,3}?(?:branch|outlet|sub-branch))\b"
)
LEADING = re.compile(
    r"^(?:.*?(?:我是在|是在|就是|我去|去了|到了|在|去|到|从|是|找|叫|给|跟|和|问|向|去的|你们行|你们|你行|贵行|咱们|我们|附近|旁边|这个|那个|的|个|家|了|们|行))+"
)
POINTING = re.compile(r"(?:那个|这个|那家|这家|那边的|这边的|那里的|这里的)$")
NOT_A_NAME = {
    "门口",
    "楼下",
    "对面",
    "小区",
    "上次",
    "刚才",
    "昨天",
    "今天",
    "银行",
    "你们",
    "贵行",
    "附近",
    "这个",
    "那个",
    "所有",
    "任何",
    "各个",
    "其他",
    "别的",
    "当地",
    "哪个",
    "本地",
    "开户",
    "一个",
    "这家",
    "那家",
    "每个",
    "什么",
    "就近",
    "农村",
    "乡镇",
    "镇上",
    "县城",
    "市里",
    "手机",
    "人工",
    "最近",
    "原来",
    "外地",
    "老家",
    "全部",
    "当地的",
    "代办",
    "两个",
    "几个",
    "同一个",
    "别家",
}
SUFFIX = re.compile(r"(?:支行|分行|分理处|营业部|营业厅|网点|储蓄所|营业所|sub-branch|branch|outlet)$")
# One wrong character in a name of seven.
SURE = 85
SHORTEST_NAME = 2


@dataclass(frozen=True)
class Outlet:
    """A place in the bank that a text names.

    Attributes:
        start: Where it begins in the text.
        end: Where it ends.
        code: The unit's code; None when no unit fits for sure.
    """

    start: int
    end: int
    code: Optional[str]


class Directory:
    """The names of all units, ready to be searched."""

    def __init__(self, units: Iterable[dict[str, Any]]) -> None:
        """Index the units.

        Args:
            units: Units with `code`, `name_zh`, `name_en` and `aliases`.
        """
        self._code_of: dict[str, Optional[str]] = {}
        for unit in units:
            for name in (unit.get("name_zh"), unit.get("name_en"), *(unit.get("aliases") or ())):
                self._add(plain_form(str(name or "")).strip(), str(unit["code"]))
        self._names = sorted((name for name in self._code_of if self._code_of[name]), key=len, reverse=True)
        self._bare_names = [(SUFFIX.sub("", name).strip(), self._code_of[name]) for name in self._names]
        self._closest = lru_cache(maxsize=256)(self._closest_of_all)  # one story names the same place again and again
        self._pattern = _any_of(self._names) if self._names else None

    @classmethod
    def read(cls, source: str) -> Directory:
        """Read the text of organisation.yml; an empty text makes an empty directory."""
        content = yaml.safe_load(source) or {}
        return cls(content.get("units", []) if isinstance(content, dict) else content)

    def find(self, plain: str) -> Iterator[Outlet]:
        """Find the outlets a text names.

        Args:
            plain: The text in its plain form.

        Yields:
            Outlets in the order of the text.
        """
        exact = (
            [
                Outlet(match.start(), match.end(), self._code_of[match.group()])
                for match in self._pattern.finditer(plain)
            ]
            if self._pattern
            else []
        )
        yield from exact
        for match in MENTION.finditer(plain):
            if any(outlet.start < match.end() and match.start() < outlet.end for outlet in exact):
                continue
            outlet = self._mentioned(match)
            if outlet:
                yield outlet

    def _mentioned(self, match: re.Match[str]) -> Optional[Outlet]:
        suffix = SUFFIX.search(match.group()).group()
        name, start = POINTING.sub("", match.group().removesuffix(suffix)), match.start()
        lead = LEADING.match(name) if match["zh"] else None
        if lead:
            name, start = name[lead.end() :], start + lead.end()
        if len(name.strip()) < SHORTEST_NAME or name.strip() in NOT_A_NAME or (match["en"] and not self._names):
            return None
        code = self._closest(name + suffix)
        if match["en"] and not code:
            return None
        return Outlet(start, match.end(), code)

    def _closest_of_all(self, words: str) -> Optional[str]:
        if not self._names:
            return None
        best = process.extract(words, self._names, scorer=fuzz.ratio, limit=2)
        bare = SUFFIX.sub("", words).strip()
        if best and best[0][1] >= SURE:
            return self._code_of[best[0][0]]
        # «汉口北» may stand for «汉口北支行»: sure only if a single unit begins or ends so.
        if len(bare) < SHORTEST_NAME:
            return None
        inside = {code for name, code in self._bare_names if name.endswith(bare)}
        return inside.pop() if len(inside) == 1 else None

    def _add(self, name: str, code: str) -> None:
        if len(name) < SHORTEST_NAME:
            return
        # A name that two units share tells nothing for sure.
        self._code_of[name] = None if self._code_of.get(name, code) != code else code


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """What finds any of the names, the first that fits; grouped by their beginnings, so that not all are tried at each place."""
    by_beginning: dict[str, list[str]] = {}
    for name in names:
        by_beginning.setdefault(name[0], []).append(_as_pattern(name))
    return re.compile("|".join(f"(?={re.escape(first)})(?:{'|'.join(some)})" for first, some in by_beginning.items()))


def _as_pattern(name: str) -> str:
    return rf"\b{re.escape(name)}\b" if name.isascii() else re.escape(name)
