"""`tingsu up` starts everything, stops all of it and nothing else, and stands beside another copy."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.embedded_postgres import running_url
from tests.stack import STOPS_WITHIN_SECONDS, Stack, is_free, wait_for


@contextmanager
def listening() -> Iterator[int]:
    """Somebody else's server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def up_again(stack: Stack) -> "subprocess.CompletedProcess[str]":
    return stack.tingsu("up")


def test_two_copies_on_one_machine_do_not_disturb_each_other(stack: Stack, neighbour: Stack) -> None:
    here, there = "这句话只说给这一家听", "这句话只说给隔壁听"
    one, other = stack.customer(), neighbour.customer()
    one.says(here)
    other.says(there)
    written = "SELECT FROM messages WHERE text = %s"
    assert stack.has(written, here)
    assert not stack.has(written, there)
    assert neighbour.has(written, there)
    assert not neighbour.has(written, here)
    pids = [{process["pid"] for process in copy.wait_until_well().values()} for copy in (stack, neighbour)]
    assert pids[0].isdisjoint(pids[1])


def test_a_second_start_on_the_same_data_folder_is_refused(neighbour: Stack) -> None:
    before = neighbour.status()
    refused = up_again(neighbour)
    assert refused.returncode == 1
    assert refused.stderr == f"tingsu: Tingsu already runs with the data folder {neighbour.folder}\n"
    assert neighbour.wait_until_well() == before


@pytest.mark.parametrize("which", ["gateway_port", "desk_port"])
def test_a_start_on_a_port_that_is_in_use_is_refused(stack: Stack, tmp_path: Path, which: str) -> None:
    newcomer = Stack(tmp_path, 1, 2)
    with listening() as port:
        setattr(newcomer, which, port)
        if which == "desk_port":
            with listening() as free:
                newcomer.gateway_port = free
        refused = up_again(newcomer)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"tingsu: 127.0.0.1:{port} is in use")
    assert "TINGSU_GATEWAY_PORT" in refused.stderr
    assert newcomer.processes() == []


def test_when_the_supervisor_is_killed_nothing_is_left_and_a_new_start_finds_every_conversation(
    neighbour: Stack,
) -> None:
    customer = neighbour.customer()
    customer.says("我的卡被取款机吞了")
    before = customer.messages()
    neighbour.kill_supervisor()
    wait_for(lambda: neighbour.processes() == [], STOPS_WITHIN_SECONDS, "every process ends with its supervisor")
    assert neighbour.tingsu("status").returncode == 1
    neighbour.start()
    assert customer.messages() == before
    assert customer.says("在徐东大街支行")


def test_ctrl_c_stops_every_process_that_was_started_and_nothing_else(stack: Stack, neighbour: Stack) -> None:
    untouched = {name: process["pid"] for name, process in stack.wait_until_well().items()}
    assert neighbour.stop() == 0
    assert neighbour.output.endswith("Stopped.\n")
    assert neighbour.processes() == []
    assert running_url(neighbour.folder) is None
    assert is_free(neighbour.gateway_port)
    assert is_free(neighbour.desk_port)
    assert not (neighbour.folder / "run" / "processes.json").exists()
    assert {name: process["pid"] for name, process in stack.wait_until_well().items()} == untouched
