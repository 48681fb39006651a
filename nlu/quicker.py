"""Rasa's own code with the work left out that it does again at every turn although the answer is known.

Each function here stands in for one of rasa 3.6.21 and gives the same answer; tests hold the two beside each other. What each saves was measured alone,
on one slow core; `make bench-turn` measures them together. `TINGSU_RASA_AS_IT_IS=1` leaves rasa as it is.
"""

import gc
import os
from functools import lru_cache
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type

from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.constants import DOCS_BASE_URL
from rasa.shared.core.events import Event
from rasa.shared.utils.common import all_subclasses

as_it_is: Dict[str, Any] = {
    "validate_action_result": RemoteAction._validate_action_result,
    "event_of_type": Event.resolve_by_type,
    "run_graph": DaskGraphRunner.run,
}
"""Rasa's own functions, by the names of those that stand in for them."""


def make_quicker(environment: Mapping[str, str] = os.environ) -> None:
    """From now on, leave the needless work out, unless the environment says `TINGSU_RASA_AS_IT_IS=1`."""
    if environment.get("TINGSU_RASA_AS_IT_IS") == "1":
        return
    RemoteAction._validate_action_result = validate_action_result  # type: ignore[method-assign]
    Event.resolve_by_type = staticmethod(event_of_type)  # type: ignore[method-assign, assignment]
    DaskGraphRunner.run = run_graph  # type: ignore[method-assign]


def leave_loaded_out_of_collection() -> None:
    """Leave everything that lives now out of the garbage collector's walks. With a model loaded each took 30 ms, at any moment of a turn."""
    gc.collect()
    gc.freeze()


def validate_action_result(self: RemoteAction, result: Dict[str, Any]) -> bool:
    """Check an action's answer without checking, each time, the schema that it is checked by. Saves 20 of 21 ms a call.

    Raises:
        ValidationError: The answer is none.
    """
    error = best_match(_answer_validator().iter_errors(result))
    if error is None:
        return True
    error.message += (
        f". Failed to validate Action server response from API, make sure your response from the Action endpoint is valid. "
        f"For more information about the format visit {DOCS_BASE_URL}/custom-actions"
    )
    raise error


@lru_cache(maxsize=None)
def _answer_validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def event_of_type(type_name: str, default: Optional[Type[Event]] = None) -> Optional[Type[Event]]:
    """Find an event's class without walking through all classes for each event of a conversation. Saves 0.03 ms an event."""
    known = _events_by_type().get(type_name)
    return known if known is not None else as_it_is["event_of_type"](type_name, default)


@lru_cache(maxsize=None)
def _events_by_type() -> Dict[str, Type[Event]]:
    return {kind.type_name: kind for kind in reversed(all_subclasses(Event))}


def run_graph(
    self: DaskGraphRunner, inputs: Optional[Dict[str, Any]] = None, targets: Optional[List[str]] = None
) -> Dict[str, Any]:
    """Run the nodes that the targets need one after the other; dask plans that anew each time, and runs them so as well. Saves 0.3 ms a prediction.

    Raises:
        GraphRunError: A node failed in a way that rasa does not name.
    """
    wanted = targets or self._graph_schema.target_names
    results: Dict[str, Tuple[str, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
    if any(isinstance(value, str) for _, value in results.values()):
        return as_it_is["run_graph"](self, inputs, targets)  # dask takes text for the name of a node; rasa checks that
    try:
        for name in _order(self, tuple(wanted)):
            if name not in results:
                needs = self._graph_schema.nodes[name].needs.values()
                results[name] = self._instantiated_nodes[name](*(results.get(need, need) for need in needs))
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error
    return dict(results[name] for name in wanted)


def _order(runner: DaskGraphRunner, targets: Tuple[str, ...]) -> List[str]:
    """The nodes that the targets need, each after those that it needs itself."""
    orders: Dict[Tuple[str, ...], List[str]] = runner.__dict__.setdefault("_orders", {})
    if targets not in orders:
        orders[targets] = _in_order(runner._graph_schema, targets)
    return orders[targets]


def _in_order(schema: GraphSchema, targets: Tuple[str, ...]) -> List[str]:
    order: Dict[str, None] = {}

    def add(name: str) -> None:
        if name in order or name not in schema.nodes:
            return
        for need in schema.nodes[name].needs.values():
            add(need)
        order[name] = None

    for target in targets:
        add(target)
    return list(order)
