"""Reading the policy files that a bank changes, so that a slip in one is found at start and easy to mend.

Every fault names the file, the line and what to write instead; all faults of a file are reported at once.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

DATA_FOLDER = Path(__file__).resolve().parents[2] / "data"
POLICY_FOLDER = DATA_FOLDER / "policy"

Key = int | str
Model = TypeVar("Model", bound=BaseModel)


class PolicyModel(BaseModel):
    """Base of everything read from a policy file: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True)
class PolicyFault:
    """One thing wrong in a policy file."""

    file: Path
    line: int
    key: str
    problem: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.key + ': ' if self.key else ''}{self.problem}. To mend: {self.mend}."


class PolicyError(Exception):
    """A policy file cannot be used.

    Attributes:
        faults: everything found wrong in the file, in the order of its lines.
    """

    def __init__(self, faults: Sequence[PolicyFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def policy_fault(problem: str, mend: str, at: Sequence[Key] = ()) -> PydanticCustomError:
    """An error for a model's own validator to raise, when the model compares several places of the file.

    Args:
        problem: what is wrong, without a full stop.
        mend: what to write instead, without a full stop.
        at: keys and list positions from the validated model down to the faulty place.
    """
    # The message is a template: braces in the texts would be read as fields, so they travel in the context.
    return PydanticCustomError("policy_fault", "{problem}", {"problem": problem, "mend": mend, "at": list(at)})


def load_policy(path: Path, model: type[Model]) -> Model:
    """Reads and validates one YAML file.

    Args:
        path: the file, UTF-8.
        model: the pydantic model that the file's content must fit.

    Returns:
        The validated content.

    Raises:
        PolicyError: the file is missing, is no YAML, or does not fit the model.
    """
    root = _parse(path)
    content = yaml.SafeLoader("").construct_document(root)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise PolicyError([_fault(path, root, details) for details in _causes(error)]) from error


def _parse(path: Path) -> yaml.Node:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PolicyError([PolicyFault(path, 1, "", f"cannot be read ({reason})", "put the file there")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PolicyError([PolicyFault(path, line, "", "is not UTF-8", "save the file as UTF-8")]) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not YAML: {error.problem or error.context}"
        mend = "correct the indentation, colon or quotation mark at this line or the one above"
        raise PolicyError([PolicyFault(path, mark.line + 1 if mark else 1, "", problem, mend)]) from error
    except yaml.YAMLError as error:
        problem = f"is not YAML: {error}"
        raise PolicyError([PolicyFault(path, 1, "", problem, "remove the characters named")]) from error
    if root is None:
        raise PolicyError([PolicyFault(path, 1, "", "is empty", "restore the file from the repository")])
    if duplicates := _duplicate_keys(path, root):
        raise PolicyError(duplicates)
    return root


def _duplicate_keys(path: Path, node: yaml.Node) -> list[PolicyFault]:
    """Keys written twice in one mapping: YAML would silently keep the last."""
    faults: list[PolicyFault] = []
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            faults += _duplicate_keys(path, item)
    if isinstance(node, yaml.MappingNode):
        first_lines: dict[Hashable, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in first_lines:
                problem = f"is written twice, first at line {first_lines[key.value]}"
                faults.append(PolicyFault(path, line, str(key.value), problem, "keep one of the two"))
            first_lines.setdefault(key.value, line)
            faults += _duplicate_keys(path, value)
    return faults


def _causes(error: ValidationError) -> list[ErrorDetails]:
    """The errors without those that merely follow from a deeper one, such as a list left empty by its wrong items."""
    errors = error.errors()
    places = [details["loc"] for details in errors]
    return [
        details
        for details, place in zip(errors, places, strict=True)
        if not any(len(deeper) > len(place) and deeper[: len(place)] == place for deeper in places)
    ]


def _fault(path: Path, root: yaml.Node, details: ErrorDetails) -> PolicyFault:
    context: dict[str, Any] = details.get("ctx", {})
    keys = [*details["loc"], *context.get("at", [])]
    # Pydantic names union branches and "[key]" too; such parts of the place are in no file.
    node, known = _descend(root, keys)
    line = node.start_mark.line + 1
    name = ".".join(str(key) for key in known)
    kind = details["type"]
    if kind == "missing":
        return PolicyFault(path, line, name, f"has no `{keys[-1]}`", f"add a line `{keys[-1]}: …` here")
    if kind == "extra_forbidden":
        return PolicyFault(path, line, name, "is no known key", "correct its spelling or remove the line")
    if kind == "policy_fault":
        return PolicyFault(path, line, name, context["problem"], context["mend"])
    if kind in {"enum", "literal_error"}:
        given = str(details["input"])
        expected = str(context["expected"])
        close = get_close_matches(given, expected.replace("'", "").replace(" or ", ", ").split(", "), n=1)
        hint = f"did you mean `{close[0]}`? It must be" if close else "write"
        return PolicyFault(path, line, name, f"`{given}` is not known", f"{hint} one of {expected}")
    return PolicyFault(path, line, name, f"`{details['input']}` does not fit", details["msg"].lower().rstrip("."))


def _descend(root: yaml.Node, keys: Sequence[Key]) -> tuple[yaml.Node, list[Key]]:
    """The deepest node of the file that the keys lead to, and the keys that led there."""
    node, marked, known = root, root, list[Key]()
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = marked = node.value[key]
        elif isinstance(node, yaml.MappingNode):
            pair = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            if pair is None:
                continue
            # The line of the key, not of a block that starts on the line after it.
            marked, node = pair
        else:
            continue
        known.append(key)
    return marked, known
