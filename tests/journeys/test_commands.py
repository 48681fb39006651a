"""The commands of `tingsu`, beside a copy that runs."""

import json
from concurrent.futures import ThreadPoolExecutor

from bot.settings import Settings
from tests.stack import Stack

STORY = "我的卡昨天在徐东大街支行的取款机里被吞了，机器没有反应"


def test_a_complaint_can_be_told_through_a_pipe(stack: Stack) -> None:
    talked = stack.tingsu("chat", given="我的卡被取款机吞了\n")
    assert talked.returncode == 0, talked.stderr
    answers = [line for line in talked.stdout.splitlines() if line.startswith("bot>")]
    assert len(answers) >= 2, "a greeting and an answer"


def test_chat_says_what_to_do_when_nothing_runs(stack: Stack) -> None:
    talked = Stack(stack.folder, 1, 2).tingsu("chat", given="您好\n")
    assert talked.returncode == 1
    assert talked.stderr == (
        "tingsu: Nothing answers at http://127.0.0.1:1/api/chat; start everything with `make up`.\n"
    )


def test_the_doctor_finds_nothing_wrong_with_a_copy_that_runs(stack: Stack) -> None:
    examined = stack.tingsu("doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert "✗" not in examined.stdout
    assert "the database answers" in examined.stdout


def test_staff_is_added_once_with_a_one_time_password(stack: Stack) -> None:
    person = ("staff", "add", "wangfang", "--name", "王经理", "--role", "handler", "--unit", "HB-WH-WC-01")
    added = stack.tingsu(*person)
    assert added.returncode == 0, added.stderr
    assert added.stdout.startswith("wangfang can sign in with the one-time password  ")
    again = stack.tingsu(*person)
    assert again.returncode == 1
    assert again.stderr == "tingsu: There is a «wangfang» already; choose another username.\n"


def test_staff_in_a_unit_or_role_that_does_not_exist_is_refused(stack: Stack) -> None:
    for role, unit, word in (("handler", "HB-XX", "HB-XX"), ("king", "HB", "king")):
        refused = stack.tingsu("staff", "add", "zhao", "--name", "赵", "--role", role, "--unit", unit)
        assert refused.returncode == 1, refused.stdout
        assert word in refused.stderr
        assert "Traceback" not in refused.stderr


def test_complaints_are_listed_newest_first_and_shown(stack: Stack) -> None:
    customers = [stack.customer(), stack.customer()]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda customer: customer.tells(STORY), customers))
    listed = stack.tingsu("complaint", "list", "--json", "--limit", "2")
    newest = json.loads(listed.stdout)
    assert [set(one) for one in newest] == [{"number", "tier", "state", "product", "cause", "opened_at"}] * 2
    assert newest[0]["opened_at"] > newest[1]["opened_at"]
    assert stack.complaint(newest[0]["number"])["number"] == newest[0]["number"]
    unknown = stack.tingsu("complaint", "show", "TS-0000-0000-1")
    assert unknown.returncode == 1
    assert "Traceback" not in unknown.stderr


def test_status_shows_every_process_with_its_health(stack: Stack) -> None:
    status = stack.wait_until_well()
    assert list(status) == ["supervisor", "database", "actions", "rasa", "worker", "gateway", "desk"]
    assert all(set(process) == {"name", "pid", "restarts", "health"} for process in status.values())


def test_no_secret_is_on_any_command_line(stack: Stack) -> None:
    """Everybody on the machine can read those."""
    config = Settings(var_dir=stack.folder, secret_key=None)
    for process in stack.processes():
        words = " ".join(process.cmdline())
        assert config.secret not in words
        assert config.derived_secret("rasa") not in words
