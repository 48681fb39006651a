"""The bank's units from province to outlet: who stands above whom, and which one a customer means.

Pure but for reading data/organisation.yml.
"""

from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.complaints.labels import Label, Language
from bot.complaints.policy import DATA_FOLDER, PolicyModel, load_policy, policy_fault

NonEmpty = Annotated[str, Field(min_length=1)]


class UnitLevel(Label):
    """How high a unit stands, from the top down."""

    PROVINCE = "province", "省分行", "Provincial branch"
    CITY = "city", "市分行", "City branch"
    BRANCH = "branch", "支行", "Sub-branch"
    OUTLET = "outlet", "网点", "Outlet"

    @property
    def depth(self) -> int:
        """0 for the province, 3 for an outlet."""
        return list(UnitLevel).index(self)


class UnitKind(Label):
    """Who runs a unit."""

    OWN = "own", "自营", "Run by the bank"
    POSTAL = "postal", "邮政代理", "Postal agency"


class OrganisationUnit(PolicyModel):
    """One unit of the bank.

    Attributes:
        code: never reused; a unit's code begins with its parent's.
        level: province, city, branch or outlet. A unit's level is below its parent's.
        parent: the code of the unit above; None for the province only.
        name_zh: the official Chinese name.
        name_en: the English name.
        aliases: how people call it, in either language.
        kind: the bank's own, or a postal agency.
        district: county or city district, in Chinese; empty for a unit that covers several.
    """

    code: Annotated[str, Field(pattern=r"^[A-Z0-9]+(-[A-Z0-9]+)*$")]
    level: UnitLevel
    parent: str | None = None
    name_zh: NonEmpty
    name_en: NonEmpty
    aliases: tuple[NonEmpty, ...] = ()
    kind: UnitKind = UnitKind.OWN
    district: str = ""

    def display_name(self, language: Language) -> str:
        return self.name_zh if language == "zh" else self.name_en


class UnknownUnit(LookupError):
    """There is no unit with this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"No unit has the code «{code}»; see data/organisation.yml")


class Organisation(PolicyModel):
    """All units, as one tree."""

    units: Annotated[tuple[OrganisationUnit, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_one_tree(self) -> Self:
        levels: dict[str, UnitLevel] = {}
        for unit in self.units:
            levels.setdefault(unit.code, unit.level)
        seen: set[str] = set()
        for position, unit in enumerate(self.units):
            at = ("units", position)
            if unit.code in seen:
                raise policy_fault(f"`{unit.code}` is the code of two units", "give one of them another", (*at, "code"))
            seen.add(unit.code)
            if unit.parent is None:
                self._check_top(unit, at)
            elif unit.parent not in levels:
                problem = f"there is no unit `{unit.parent}` above {unit.code}"
                raise policy_fault(problem, "correct the code or add that unit", (*at, "parent"))
            elif levels[unit.parent].depth >= unit.level.depth:
                problem = f"a {unit.level} cannot stand below a {levels[unit.parent]}"
                raise policy_fault(problem, "correct `level` or `parent`", (*at, "level"))
            elif not unit.code.startswith(unit.parent + "-"):
                problem = f"`{unit.code}` does not begin with its parent's code"
                raise policy_fault(problem, f"write `{unit.parent}-…`", (*at, "code"))
        return self

    def _check_top(self, unit: OrganisationUnit, at: tuple[str | int, ...]) -> None:
        if unit.level is not UnitLevel.PROVINCE:
            raise policy_fault(f"{unit.code} has no parent", "add `parent:`", at)
        top = next(other for other in self.units if other.parent is None)
        if top is not unit:
            problem = f"`{top.code}` stands at the top already"
            raise policy_fault(problem, "keep one province", at)

    @property
    def top(self) -> OrganisationUnit:
        """The province."""
        return next(unit for unit in self.units if unit.parent is None)

    def find(self, code: str) -> OrganisationUnit:
        """The unit with this code.

        Raises:
            UnknownUnit: there is none.
        """
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownUnit(code) from None

    def path(self, code: str) -> tuple[OrganisationUnit, ...]:
        """The units from the province down to this one, both included.

        Raises:
            UnknownUnit: there is no such unit.
        """
        unit = self.find(code)
        return (unit,) if unit.parent is None else (*self.path(unit.parent), unit)

    def in_line(self, code: str | None) -> tuple[OrganisationUnit, ...]:
        """The unit and those above it, nearest first; every unit where no unit, or none in use, is named."""
        if code is None or code not in self._by_code:
            return self.units
        return self.path(code)[::-1]

    def children(self, code: str) -> tuple[OrganisationUnit, ...]:
        """The units directly below this one, in the file's order.

        Raises:
            UnknownUnit: there is no such unit.
        """
        self.find(code)
        return self._by_parent.get(code, ())

    def subtree(self, code: str) -> tuple[OrganisationUnit, ...]:
        """This unit and all below it, each before those below it.

        Raises:
            UnknownUnit: there is no such unit.
        """
        below = (unit for child in self.children(code) for unit in self.subtree(child.code))
        return (self.find(code), *below)

    def above(self, code: str, level: UnitLevel) -> OrganisationUnit | None:
        """The unit of a level that answers for this one: itself, one above it, or None if none is of that level.

        Raises:
            UnknownUnit: there is no such unit.
        """
        return next((unit for unit in self.path(code) if unit.level is level), None)

    def units_meant_by(self, text: str) -> tuple[OrganisationUnit, ...]:
        """The units that a customer's words name, by any name or alias.

        A name inside a longer one does not count («夷陵» in «夷陵广场»), nor does a unit above another one named
        («武汉光谷» is Guanggu).

        Returns:
            None, one, or several to choose from, in the file's order.
        """
        words = _plain(text)
        said = {name for name, _ in self._names if name in words}
        whole = {name for name in said if not any(name != longer and name in longer for longer in said)}
        named = dict.fromkeys(unit for name, unit in self._names if name in whole)
        above = {higher.code for unit in named for higher in self.path(unit.code)[:-1]}
        return tuple(unit for unit in named if unit.code not in above)

    @cached_property
    def _by_code(self) -> dict[str, OrganisationUnit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def _by_parent(self) -> dict[str, tuple[OrganisationUnit, ...]]:
        parents = {unit.parent for unit in self.units if unit.parent is not None}
        return {parent: tuple(unit for unit in self.units if unit.parent == parent) for parent in parents}

    @cached_property
    def _names(self) -> tuple[tuple[str, OrganisationUnit], ...]:
        return tuple((_plain(name), unit) for unit in self.units for name in _every_name(unit))


def load_organisation(path: Path = DATA_FOLDER / "organisation.yml") -> Organisation:
    """Reads the organisation.

    Raises:
        PolicyError: with file, line and mend of everything wrong.
    """
    return load_policy(path, Organisation)


@cache
def organisation() -> Organisation:
    """The organisation in force, read once."""
    return load_organisation()


def _every_name(unit: OrganisationUnit) -> Iterable[str]:
    return (unit.name_zh, unit.name_en, *unit.aliases)


def _plain(text: str) -> str:
    """Without case and spaces, which people set as they like."""
    return "".join(text.split()).casefold()
