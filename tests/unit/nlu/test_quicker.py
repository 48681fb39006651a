"""What stands in for a function of rasa gives rasa's own answer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses

from nlu import quicker


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    """What a function returns, or what it raises and says."""
    try:
        return function(*arguments), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error), getattr(error, "message", str(error))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"events": [], "responses": []},
        {"events": [{"event": "slot", "name": "draft", "value": {"story": ["a"]}, "timestamp": None}]},
        {"events": [{"event": "slot", "timestamp": 1.0, "name": "draft"}]},
        {"events": [{"event": "no such event"}]},
        {"events": {}},
        {"responses": ["text"]},
        [],
        None,
    ],
)
def test_an_actions_answer_is_accepted_or_refused_as_by_rasa(answer: Any) -> None:
    action = RemoteAction("action_greet", None)
    expected = outcome(quicker.as_it_is["validate_action_result"], action, answer)
    assert outcome(quicker.validate_action_result, action, answer) == expected


@pytest.mark.parametrize("name", [*{kind.type_name for kind in all_subclasses(Event)}, "topic", "no such event", None])
@pytest.mark.parametrize("default", [None, Event])
def test_an_events_class_is_the_one_that_rasa_finds(name: str, default: Any) -> None:
    expected = outcome(quicker.as_it_is["event_of_type"], name, default)
    assert outcome(quicker.event_of_type, name, default) == expected


class Sum(GraphComponent):
    """Adds up what it needs, and one."""

    calls: ClassVar[list[str]] = []

    def __init__(self, name: str) -> None:
        self._name = name

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: Any, resource: Any, execution_context: Any) -> "Sum":
        return cls(config["name"])

    def add(self, a: int = 0, b: int = 0) -> int:
        self.calls.append(self._name)
        if a < 0:
            raise ValueError("negative")
        return a + b + 1


def node(name: str, **needs: str) -> SchemaNode:
    return SchemaNode(needs=needs, uses=Sum, constructor_name="create", fn="add", config={"name": name}, eager=True)


@pytest.fixture
def runner(tmp_path: Path) -> DaskGraphRunner:
    """A graph in which one node is needed twice, another by nobody."""
    schema = GraphSchema(
        {
            "last": node("last", a="left", b="right"),
            "left": node("left", a="first"),
            "right": node("right", a="first", b="given"),
            "first": node("first", a="given"),
            "unneeded": node("unneeded", a="given"),
        }
    )
    storage = LocalModelStorage.create(tmp_path)
    return DaskGraphRunner.create(schema, storage, ExecutionContext(GraphSchema({}), "id"))


@pytest.mark.parametrize("targets", [["last"], ["left", "right"], ["right"], ["given"], ["last", "first"]])
@pytest.mark.parametrize("given", [1, -5, None, "text", "first"])
def test_a_graph_has_the_results_that_it_has_with_dask(runner: DaskGraphRunner, targets: list[str], given: Any) -> None:
    expected = outcome(quicker.as_it_is["run_graph"], runner, {"given": given}, targets)
    assert outcome(quicker.run_graph, runner, {"given": given}, targets) == expected
    assert outcome(quicker.run_graph, runner, {"given": given}, targets) == expected  # its order is known by now


def test_each_node_of_a_graph_runs_once(runner: DaskGraphRunner) -> None:
    Sum.calls.clear()
    quicker.run_graph(runner, {"given": 1}, ["last"])
    assert sorted(Sum.calls) == ["first", "last", "left", "right"]


@pytest.fixture
def quick() -> Iterator[None]:
    """Rasa made quicker, and put back."""
    quicker.make_quicker({})
    yield
    RemoteAction._validate_action_result = quicker.as_it_is["validate_action_result"]
    Event.resolve_by_type = staticmethod(quicker.as_it_is["event_of_type"])
    DaskGraphRunner.run = quicker.as_it_is["run_graph"]


def test_everything_is_made_quicker(quick: None) -> None:
    assert RemoteAction._validate_action_result is quicker.validate_action_result
    assert Event.resolve_by_type is quicker.event_of_type
    assert DaskGraphRunner.run is quicker.run_graph


def test_rasa_is_left_as_it_is_when_the_environment_says_so() -> None:
    quicker.make_quicker({"TINGSU_RASA_AS_IT_IS": "1"})
    assert RemoteAction._validate_action_result is quicker.as_it_is["validate_action_result"]
    assert DaskGraphRunner.run is quicker.as_it_is["run_graph"]
