"""The command `tingsu` (`python -m bot`)."""

import asyncio
import json
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.commands.api import api
from bot.logs import set_up_logging
from bot.settings import settings

app = typer.Typer(
    name="tingsu",
    help="Tingsu 听诉: the complaint assistant of a bank.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
complaints = typer.Typer(help="Look at what is stored of complaints.", no_args_is_help=True)
audit = typer.Typer(help="Read the audit log, and prove that it was not changed.", no_args_is_help=True)
staff = typer.Typer(help="People who work at the desk.", no_args_is_help=True)
data = typer.Typer(help="Look after what the assistant learns from.", no_args_is_help=True)
app.add_typer(audit, name="audit")
app.add_typer(api, name="api")
app.add_typer(complaints, name="complaint")
app.add_typer(data, name="data")
app.add_typer(staff, name="staff")
screen = Console()
Json = Annotated[bool, typer.Option("--json", help="Print JSON for a machine.")]


def refuse(error: Exception | str) -> typer.Exit:
    """Say in one line what is wrong, and end with status 1."""
    print(f"tingsu: {error}", file=sys.stderr)
    return typer.Exit(1)


@app.command()
def up() -> None:
    """Start everything on this machine, and restart what dies, until Ctrl-C."""
    from bot.commands.training import RasaMissing, TrainingFailed
    from bot.commands.up import AlreadyRunning
    from bot.commands.up import up as start

    set_up_logging("supervisor", "ERROR")
    try:
        asyncio.run(start(settings()))
    except (AlreadyRunning, RasaMissing, TrainingFailed, TimeoutError) as error:
        raise refuse(error) from None


@app.command()
def status(as_json: Json = False) -> None:
    """Show each process: name, pid, restarts, health."""
    from bot.commands.status import as_json as to_json
    from bot.commands.status import status as ask

    statuses = asyncio.run(ask(settings()))
    if as_json:
        print(to_json(statuses))
    elif not statuses:
        print("Tingsu does not run here; start it with `make up`.")
    else:
        table = Table("process", "pid", "restarts", "health")
        for one in statuses:
            table.add_row(one.name, str(one.pid or "-"), str(one.restarts), one.health)
        screen.print(table)
    if any(one.health != "ok" for one in statuses) or not statuses:
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database up to this version's schema."""
    from bot.commands.asking import database_url
    from bot.migrate import migrate as apply

    with database_url(settings()) as url:
        apply(url)
    print("The database has this version's schema.")


@app.command()
def train(force: Annotated[bool, typer.Option(help="Train even if nothing has changed.")] = False) -> None:
    """Train the assistant, if its model is older than its data."""
    from bot.commands.training import RasaMissing, TrainingFailed
    from bot.commands.training import train as run

    try:
        trained = run(settings(), even_if_current=force)
    except (RasaMissing, TrainingFailed) as error:
        raise refuse(error) from None
    print("Trained." if trained else "The model is up to date.")


@app.command()
def tune(
    anew: Annotated[bool, typer.Option(help="Begin with the model as it comes.")] = False,
    passes: Annotated[float, typer.Option(min=0.01, help="how often every text is learned from")] = 2.0,
) -> None:
    """Tune the transformer to the corpus: an hour on two cores, once in a while after the corpus has grown."""
    from bot.commands.training import RasaMissing, TrainingFailed
    from bot.commands.training import tune as run

    try:
        run(settings(), anew=anew, passes=passes)
    except (RasaMissing, TrainingFailed) as error:
        raise refuse(error) from None


@app.command()
def chat(language: Annotated[str, typer.Option(help="zh or en")] = "zh") -> None:
    """Talk with the assistant in the terminal, the way any channel does. Ctrl-D ends it."""
    from bot.commands.chat import GatewayAway
    from bot.commands.chat import chat as talk

    try:
        asyncio.run(talk(settings(), language))
    except GatewayAway as error:
        raise refuse(error) from None
    except KeyboardInterrupt:
        pass  # the usual way to leave


@app.command()
def classify(
    source: Annotated[str, typer.Option("--input", help="JSON lines {id, text}; - for standard input")],
    target: Annotated[str, typer.Option("--output", help="where the labels go; - for standard output")],
) -> None:
    """Say of each text what it is about, how urgent it is, and why."""
    from bot.commands.classify import ClassifierEnded
    from bot.commands.classify import classify as run

    try:
        with ExitStack() as files:
            lines = sys.stdin
            out = sys.stdout
            if source != "-":
                lines = files.enter_context(Path(source).open(encoding="utf-8", errors="replace"))
            if target != "-":
                out = files.enter_context(Path(target).open("w", encoding="utf-8"))
            run(settings(), lines, out)
    except (OSError, ClassifierEnded) as error:
        raise refuse(error) from None


@app.command()
def evaluate(
    file: Annotated[Path | None, typer.Option(help="a judged file instead of the hold-out")] = None,
    folds: Annotated[int, typer.Option(min=0, max=20, help="cross-validate the corpus in so many parts")] = 0,
    output: Annotated[Path | None, typer.Option(help="folder for report.html and report.json")] = None,
) -> None:
    """Measure how well texts are understood that the assistant has not learned from."""
    from bot.commands.classify import ClassifierEnded
    from bot.commands.examples import read_corpus
    from bot.commands.training import RasaMissing, TrainingFailed
    from bot.evaluation.folds import cross_validate
    from bot.evaluation.judged import UnreadableFile, read_holdout, read_judged
    from bot.evaluation.reading import understand
    from bot.evaluation.report import report, write_report
    from bot.settings import ROOT

    if file and folds:
        raise refuse("--file and --folds don't go together: cross-validation takes the corpus.")
    if folds == 1:
        raise refuse("--folds: one part leaves nothing to learn from; take 2 or more.")
    try:
        if folds:
            read = list(cross_validate(settings(), read_corpus(ROOT / "data" / "nlu"), folds))
            judged, understood = [one for one, _ in read], [found for _, found in read]
        else:
            judged = read_judged(file) if file else read_holdout(ROOT / "data" / "holdout")
            understood = understand(settings(), judged)
        content = report(judged, understood)
    except (OSError, UnreadableFile, ClassifierEnded, RasaMissing, TrainingFailed) as error:
        raise refuse(error) from None
    name = file.stem if file else f"{folds}-folds" if folds else "hold-out"
    page = write_report(content, output or settings().var_dir / "evaluation" / name, f"Tingsu's understanding: {name}")
    for figure, value in content["summary"].items():
        print(f"{figure:22}{value}")
    print(f"The report: {page}")


@data.command("check")
def check_data() -> None:
    """Find duplicates, held-out texts that were learned from, wrong and thin labels, personal data."""
    from bot.commands.examples import read_corpus
    from bot.evaluation.corpus import faults_of
    from bot.settings import ROOT

    learned, held_out = read_corpus(ROOT / "data" / "nlu"), read_corpus(ROOT / "data" / "holdout")
    faults = list(faults_of(learned, held_out))
    for fault in faults:
        print(fault)
    print(f"{len(learned)} texts to learn from, {len(held_out)} held out, {len(faults)} faults")
    if faults:
        raise typer.Exit(1)


@complaints.command("list")
def list_complaints(limit: Annotated[int, typer.Option(min=1)] = 50, as_json: Json = False) -> None:
    """The newest complaints."""
    from bot.commands.asking import open_database
    from bot.commands.complaint import list_complaints as ask

    async def run() -> list[dict[str, object]]:
        async with open_database(settings()) as database:
            return await ask(database, limit)

    found = asyncio.run(run())
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2, default=str))
        return
    table = Table("number", "tier", "state", "product", "cause", "opened at")
    table.columns[0].no_wrap = True
    for one in found:
        table.add_row(*(str(value) for value in one.values()))
    screen.print(table)


@complaints.command("show")
def show_complaint(number: str, as_json: Json = False) -> None:
    """Everything that is stored of one complaint."""
    from bot.commands.asking import open_database
    from bot.commands.complaint import show_complaint as ask
    from bot.complaints.case_number import InvalidCaseNumber

    async def run() -> dict[str, object] | None:
        async with open_database(settings()) as database:
            return await ask(database, number)

    try:
        found = asyncio.run(run())
    except InvalidCaseNumber as error:
        raise refuse(error) from None
    if found is None:
        raise refuse(f"There is no complaint {number}.")
    shown = json.dumps(found, ensure_ascii=False, indent=2, default=str)
    print(shown) if as_json else screen.print_json(shown)


@staff.command("add")
def add_staff(
    username: str,
    name: Annotated[str, typer.Option(help="as customers see it, e.g. 李经理")],
    role: Annotated[str, typer.Option(help="handler, supervisor, auditor, …; a wrong one is answered with the list")],
    unit: Annotated[str, typer.Option(help="code of the unit in data/organisation.yml, e.g. HB-WH")],
) -> None:
    """Add a person, and print the one-time password."""
    from bot.clock import system_clock
    from bot.commands.asking import open_database
    from bot.staff.people import add_staff as add

    async def run() -> str:
        async with open_database(settings()) as database, database.transaction() as session:
            return await add(session, username=username, name=name, role=role, unit_code=unit, now=system_clock())

    try:
        password = asyncio.run(run())
    except (ValueError, LookupError) as error:
        raise refuse(error) from None
    print(f"{username} can sign in with the one-time password  {password}")


@audit.command("verify")
def verify_audit(
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="a head's hash written down earlier, to be found again")
    ] = None,
) -> None:
    """Compute the whole chain of hashes anew and say what was changed. Status 1 if anything was.

    Write the head's hash down where the database's administrators cannot change it: records cut off at the end, or a
    chain made anew, are found by --head only.
    """
    from bot.audit.verification import Verification, verify
    from bot.clock import system_clock
    from bot.commands.asking import open_database
    from bot.commands.audit import InvalidHead, parse_head, print_verification

    async def run(expected: bytes | None) -> Verification:
        async with open_database(settings()) as database, database.transaction() as session:
            return await verify(session, now=system_clock(), head=expected)

    try:
        found = asyncio.run(run(parse_head(head) if head is not None else None))
    except InvalidHead as error:
        raise refuse(error) from None
    print_verification(screen, found)
    if found.fault_count:
        raise typer.Exit(1)


@audit.command("show")
def show_audit(
    subject: Annotated[str | None, typer.Option(help="what was acted on, e.g. a complaint's number")] = None,
    actor: Annotated[str | None, typer.Option(help="customer, bot, system, or staff:<username>")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], help="in UTC")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """The newest audit records."""
    from bot.audit import AuditRecord
    from bot.commands.asking import open_database
    from bot.commands.audit import find_records, records_table, write_csv

    async def run() -> list[AuditRecord]:
        since_utc = since.replace(tzinfo=UTC) if since else None
        async with open_database(settings()) as database, database.transaction() as session:
            return await find_records(session, subject=subject, actor=actor, since=since_utc, limit=limit)

    found = asyncio.run(run())
    write_csv(sys.stdout, found) if as_csv else screen.print(records_table(found))
    if len(found) == limit:
        print(f"tingsu: these are the newest {limit}; --limit shows more", file=sys.stderr)


@staff.command("reset")
def reset_staff(username: str) -> None:
    """Give a person who cannot get in a one-time password, and take their second factor away."""
    from sqlalchemy import select

    from bot.clock import system_clock
    from bot.commands.asking import open_database
    from bot.conversations.returning import release_all_of
    from bot.staff.administration import reset_password
    from bot.staff.models import StaffMember
    from bot.staff.second_factor import reset_second_factor

    async def run() -> str:
        async with open_database(settings()) as database, database.transaction() as session:
            person = await session.scalar(select(StaffMember).where(StaffMember.username == username).with_for_update())
            if person is None:
                raise LookupError(f"There is no «{username}».")
            now = system_clock()
            await reset_second_factor(session, person, actor="system", now=now)
            await release_all_of(session, person.id, why="sign_ins_ended", now=now)
            return await reset_password(session, person, actor="system", now=now)

    try:
        password = asyncio.run(run())
    except LookupError as error:
        raise refuse(error) from None
    print(f"{username} can sign in with the one-time password  {password}")


@staff.command("contact")
def set_contact(
    username: str,
    email: Annotated[str | None, typer.Option(help="where calls are mailed to; empty takes it away")] = None,
    telegram: Annotated[str | None, typer.Option(help="number of the chat with the bank's bot; empty: none")] = None,
) -> None:
    """Say where a person is called when a customer must not wait."""
    from bot.alarms.contacts import InvalidContact
    from bot.alarms.contacts import set_contact as keep
    from bot.clock import system_clock
    from bot.commands.asking import open_database

    async def run() -> tuple[str | None, int | None]:
        async with open_database(settings()) as database, database.transaction() as session:
            contact = await keep(session, username, email=email, telegram=telegram, now=system_clock())
            return contact.email, contact.telegram_chat_id

    try:
        kept_email, kept_chat = asyncio.run(run())
    except InvalidContact as error:
        raise refuse(error) from None
    print(f"{username}: e-mail {kept_email or 'none'}, Telegram {kept_chat or 'none'}")


@app.command()
def doctor() -> None:
    """Say what is missing on this machine, and what to do about it."""
    from bot.commands.doctor import examine

    ill = False
    for finding in examine(settings()):
        ill = ill or not finding.is_well
        print(("✓ " if finding.is_well else "✗ ") + finding.what)
        if not finding.is_well:
            print(f"    {finding.mend}")
    if ill:
        raise typer.Exit(1)


@app.command(hidden=True)
def database() -> None:
    """Keep the embedded database up."""
    import signal

    from bot.embedded_postgres import serve

    def stop(*_: object) -> None:
        # Linux may tell the child of a killed supervisor twice, and the second would break off the stopping.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(0)

    set_up_logging("database", settings().log_level)
    signal.signal(signal.SIGTERM, stop)
    serve(settings().var_dir)


@app.command(hidden=True)
def worker() -> None:
    """Take turns, deliver, follow up."""
    from bot.worker import run

    set_up_logging("worker", settings().log_level)
    run()


@app.command(hidden=True)
def actions() -> None:
    """Serve rasa's actions."""
    from bot.action_server import run

    set_up_logging("actions", settings().log_level)
    run()


@app.command(hidden=True)
def gateway() -> None:
    """Serve the chat page and the chat API."""
    from bot.gateway import run

    set_up_logging("gateway", settings().log_level)
    run()


@app.command(hidden=True)
def desk() -> None:
    """Serve the staff's pages."""
    from bot.desk.desk import run

    set_up_logging("desk", settings().log_level)
    run()


@app.command(hidden=True)
def telegram() -> None:
    """Poll Telegram."""
    from bot.channels.telegram.poller import run

    set_up_logging("telegram", settings().log_level)
    run()


if __name__ == "__main__":
    app()
