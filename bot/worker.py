"""The worker: takes turns, delivers, follows up. Any number of them may run beside one PostgreSQL."""

import asyncio
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import procrastinate
from procrastinate import jobs as procrastinate_jobs
from procrastinate.retry import BaseRetryStrategy, RetryDecision

import bot.tables  # noqa: F401 - every table is known before the first query
from bot.alarms.calls import Caller
from bot.alarms.models import Way
from bot.alarms.ringing import Alarms
from bot.alarms.ways import carriers
from bot.api.events import Publisher
from bot.api.webhooks import Sender
from bot.audit.sealing import AuditSealer
from bot.channels.registry import channels_by_name
from bot.channels.telegram.bot_api import telegram_bot
from bot.clock import Clock, system_clock
from bot.complaints.follow_ups import FollowUp
from bot.conversations.drafts import DraftSweeper
from bot.conversations.outbound import Deliverer
from bot.conversations.rasa_client import RasaClient, RasaUnavailable
from bot.conversations.replies import HeldReplies
from bot.conversations.returning import UnansweredWatch
from bot.conversations.sent import Corrector
from bot.conversations.stories import StoryReader
from bot.conversations.turns import Turns
from bot.database import Database
from bot.followups.assigning import Assigner
from bot.followups.closing import AutomaticClosing
from bot.followups.deadline_watch import DeadlineWatch
from bot.followups.macro_steps import MacroFollower
from bot.followups.satisfaction import SatisfactionSurvey
from bot.followups.snooze_watch import SnoozeWatch
from bot.followups.task_watch import TaskWatch
from bot.jobs import HEARTBEAT_SECONDS, POLLING_SECONDS, STALLED_AFTER_SECONDS, Job, job_app
from bot.logs import logger
from bot.settings import Settings, settings

log = logger(__name__)


class BackOff(BaseRetryStrategy):
    """Try again for ever: 0.5 s, 1 s, 2 s … up to a ceiling, or when the other side says it may be tried again.

    Args:
        ceiling: the longest wait, seconds.
    """

    def __init__(self, ceiling: float) -> None:
        self._ceiling = ceiling

    def get_retry_decision(self, *, exception: BaseException, job: procrastinate_jobs.Job) -> RetryDecision:
        """When to try the job again."""
        asked_for = getattr(exception, "retry_after", None)
        if isinstance(asked_for, timedelta):
            asked_for = asked_for.total_seconds()
        seconds = float(asked_for) if asked_for else min(0.5 * 2.0 ** min(job.attempts, 20), self._ceiling)
        log.warning(
            "job_failed", job=job.task_name, attempt=job.attempts, error=type(exception).__name__, again_in=seconds
        )
        return RetryDecision(retry_in={"milliseconds": int(seconds * 1000)})


@dataclass(frozen=True)
class Rooms:
    """What the jobs call."""

    turns: Turns
    deliverer: Deliverer
    held_replies: HeldReplies
    draft_sweeper: DraftSweeper
    macro_follower: MacroFollower
    corrector: Corrector
    unanswered_watch: UnansweredWatch
    survey: SatisfactionSurvey
    sealer: AuditSealer
    deadline_watch: DeadlineWatch
    assigner: Assigner
    story_reader: StoryReader
    task_watch: TaskWatch
    snooze_watch: SnoozeWatch
    automatic_closing: AutomaticClosing
    publisher: Publisher
    sender: Sender
    alarms: Alarms
    caller: Caller


def furnish(config: Settings, database: Database, clock: Clock = system_clock) -> Rooms:
    """The rooms of a worker, by its settings."""
    rasa = RasaClient(
        str(config.rasa_url or "http://127.0.0.1:5005"),
        config.derived_secret("rasa"),
        timeout=config.rasa_timeout_seconds,
    )
    ways = carriers(config, telegram_bot(config) if config.telegram_token else None, clock)
    channels = channels_by_name(config, database, clock)
    group_chat = config.alarm_telegram_chat if Way.TELEGRAM in ways else None
    return Rooms(
        turns=Turns(
            database=database,
            rasa=rasa,
            clock=clock,
            quiet_window=timedelta(seconds=config.quiet_window_seconds),
            longest_wait=timedelta(seconds=config.longest_wait_seconds),
            patience=timedelta(seconds=config.rasa_patience_seconds),
        ),
        deliverer=Deliverer(database=database, channels=channels, clock=clock),
        held_replies=HeldReplies(database=database, clock=clock),
        draft_sweeper=DraftSweeper(database=database, clock=clock),
        macro_follower=MacroFollower(database=database, clock=clock),
        corrector=Corrector(database=database, channels=channels, clock=clock),
        unanswered_watch=UnansweredWatch(
            database=database, clock=clock, answer_within=timedelta(seconds=config.answer_within_seconds)
        ),
        survey=SatisfactionSurvey(
            database=database, clock=clock, remind_after=timedelta(hours=config.survey_reminder_after_hours)
        ),
        sealer=AuditSealer(database),
        deadline_watch=DeadlineWatch(database=database, clock=clock),
        assigner=Assigner(database=database, clock=clock, is_on=config.assign_automatically),
        story_reader=StoryReader(database=database, rasa=rasa, clock=clock),
        task_watch=TaskWatch(database=database, clock=clock),
        snooze_watch=SnoozeWatch(database=database, clock=clock),
        automatic_closing=AutomaticClosing(database=database, clock=clock),
        publisher=Publisher(database=database, clock=clock),
        sender=Sender(database=database, clock=clock, config=config),
        alarms=Alarms(
            database=database,
            clock=clock,
            ways=frozenset({Way.DESK, *ways}),
            next_after=timedelta(seconds=config.alarm_next_after_seconds),
            repeat_after=timedelta(seconds=config.alarm_repeat_after_seconds),
            repeats_count=config.alarm_repeats,
            has_group=group_chat is not None,
        ),
        caller=Caller(
            database=database, carriers=ways, clock=clock, desk_address=config.desk_home, group_chat=group_chat
        ),
    )


def register_jobs(app: procrastinate.App, rooms: Rooms) -> None:
    """Tell the job queue what each job does."""

    @app.task(name=Job.TAKE_TURN, retry=BackOff(ceiling=5))
    async def take_turn(conversation_id: str, message_id: int) -> None:
        await rooms.turns.take(message_id)

    @app.task(name=Job.DELIVER, retry=BackOff(ceiling=300))
    async def deliver(message_id: int) -> None:
        await rooms.deliverer.deliver(message_id)

    @app.task(name=Job.SHOW_TYPING, retry=BackOff(ceiling=5))
    async def show_typing(conversation_id: str, typed_at: str) -> None:
        await rooms.deliverer.show_typing(uuid.UUID(conversation_id), datetime.fromisoformat(typed_at))

    @app.task(name=Job.SEND_HELD, retry=BackOff(ceiling=5))
    async def send_held(conversation_id: str, reply_id: int) -> None:
        await rooms.held_replies.send_due(uuid.UUID(conversation_id), reply_id)

    @app.task(name=Job.FOLLOW_UP, retry=BackOff(ceiling=300))
    async def follow_up(**stored: str) -> None:
        await rooms.macro_follower.follow(FollowUp.restored(stored))

    @app.periodic(cron="23 * * * *")
    @app.task(name="sweep_drafts", queueing_lock="sweep_drafts")
    async def sweep_drafts(timestamp: int) -> None:
        await rooms.draft_sweeper.sweep()

    @app.task(name=Job.CARRY_CORRECTION, retry=BackOff(ceiling=300))
    async def carry_correction(message_id: int) -> None:
        await rooms.corrector.carry(message_id)

    @app.task(name=Job.RETURN_UNANSWERED, retry=BackOff(ceiling=300))
    async def return_unanswered(conversation_id: str, message_id: int) -> None:
        await rooms.unanswered_watch.look(uuid.UUID(conversation_id), message_id)

    @app.task(name=Job.ASK_SATISFACTION, retry=BackOff(ceiling=300))
    async def ask_satisfaction(complaint_id: str, resolved_at: str) -> None:
        await rooms.survey.ask(uuid.UUID(complaint_id), datetime.fromisoformat(resolved_at))

    @app.task(name=Job.REMIND_OF_SURVEY, retry=BackOff(ceiling=300))
    async def remind_of_survey(complaint_id: str, resolved_at: str) -> None:
        await rooms.survey.remind(uuid.UUID(complaint_id), datetime.fromisoformat(resolved_at))

    @app.task(name=Job.WATCH_TASK, retry=BackOff(ceiling=300))
    async def watch_task(task_id: int) -> None:
        await rooms.task_watch.look(task_id)

    @app.task(name=Job.WATCH_DEADLINE, retry=BackOff(ceiling=300))
    async def watch_deadline(deadline_id: int) -> None:
        await rooms.deadline_watch.look(deadline_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="watch_deadlines", queueing_lock="watch_deadlines")
    async def watch_deadlines(timestamp: int) -> None:
        """The safety net: deadlines for which no job has come."""
        await rooms.deadline_watch.look_at_all_due()

    @app.task(name=Job.ASSIGN_CASE, retry=BackOff(ceiling=300))
    async def assign_case(complaint_id: str) -> None:
        await rooms.assigner.assign(uuid.UUID(complaint_id))

    @app.periodic(cron="* * * * *")
    @app.task(name="assign_cases", queueing_lock="assign_cases")
    async def assign_cases(timestamp: int) -> None:
        """The safety net: cases whose job was lost, and those for which somebody may have come on shift."""
        await rooms.assigner.assign_all_due()

    @app.task(name=Job.EMBED_STORY, retry=BackOff(ceiling=300))
    async def embed_story(complaint_id: str) -> None:
        await rooms.story_reader.read([uuid.UUID(complaint_id)])

    @app.periodic(cron="* * * * *")
    @app.task(name="embed_stories", queueing_lock="embed_stories")
    async def embed_stories(timestamp: int) -> None:
        """Stories told before there were vectors, or whose job was lost."""
        with suppress(RasaUnavailable):  # the next minute comes
            await rooms.story_reader.read_unread()

    @app.periodic(cron="* * * * *")
    @app.task(name="watch_tasks", queueing_lock="watch_tasks")
    async def watch_tasks(timestamp: int) -> None:
        """The safety net: departments' tasks for which no job has come."""
        await rooms.task_watch.look_at_all_due()

    @app.task(name=Job.END_SNOOZE, retry=BackOff(ceiling=300))
    async def end_snooze(staff_id: str, complaint_id: str) -> None:
        await rooms.snooze_watch.look(uuid.UUID(staff_id), uuid.UUID(complaint_id))

    @app.periodic(cron="* * * * *")
    @app.task(name="end_snoozes", queueing_lock="end_snoozes")
    async def end_snoozes(timestamp: int) -> None:
        """The safety net: snoozes for which no job has come."""
        await rooms.snooze_watch.look_at_all_due()

    @app.task(name=Job.CLOSE_CASE, retry=BackOff(ceiling=300))
    async def close_case(complaint_id: str) -> None:
        await rooms.automatic_closing.close(uuid.UUID(complaint_id))

    @app.periodic(cron="* * * * *")
    @app.task(name="close_cases", queueing_lock="close_cases")
    async def close_cases(timestamp: int) -> None:
        """The safety net: cases for which no job has come, and those that had to wait for something."""
        await rooms.automatic_closing.close_all_due()

    @app.task(name=Job.SEND_EVENTS, retry=BackOff(ceiling=300))
    async def send_events(webhook_id: str) -> None:
        await rooms.sender.send_events(uuid.UUID(webhook_id))

    @app.periodic(cron="* * * * * */2")
    @app.task(name="publish_events", queueing_lock="publish_events")
    async def publish_events(timestamp: int) -> None:
        """Changes become events without the use cases knowing of it."""
        await rooms.publisher.publish()

    @app.task(name=Job.CHECK_ALARM, retry=BackOff(ceiling=5))
    async def check_alarm(conversation_id: str) -> None:
        await rooms.alarms.check(uuid.UUID(conversation_id))

    @app.task(name=Job.CALL_NEXT, retry=BackOff(ceiling=5))
    async def call_next(alarm_id: str, level: int) -> None:
        await rooms.alarms.call_next(uuid.UUID(alarm_id), level)

    @app.task(name=Job.MAKE_CALL, retry=BackOff(ceiling=60))
    async def make_call(call_id: int) -> None:
        await rooms.caller.make(call_id)

    @app.periodic(cron="* * * * *")
    @app.task(name="check_all_alarms", queueing_lock="check_all_alarms")
    async def check_all_alarms(timestamp: int) -> None:
        await rooms.alarms.check_all()

    @app.periodic(cron="* * * * * */2")
    @app.task(name="take_over_stalled", queueing_lock="take_over_stalled", priority=100)
    async def take_over_stalled(timestamp: int) -> None:
        """Jobs of a dead worker keep their lock until somebody takes them over."""
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
        for job in stalled:
            await app.job_manager.retry_job(job)
            log.warning("job_taken_over", job=job.task_name, job_id=job.id)

    @app.periodic(cron="* * * * * */2")
    @app.task(name="seal_audit_records", queueing_lock="seal_audit_records", priority=100)
    async def seal_audit_records(timestamp: int) -> None:
        await rooms.sealer.seal()


async def work(config: Settings) -> None:
    """Run jobs until told to stop; the jobs at hand are finished first."""
    if config.database_url is None:
        raise RuntimeError("DATABASE_URL is not set: the worker is started by `tingsu up`, or with an address")
    database = Database(config.database_url, pool_size=config.worker_concurrency)
    app = job_app(database.url)
    register_jobs(app, furnish(config, database))
    async with app.open_async():
        log.info("worker_ready", concurrency=config.worker_concurrency)
        await app.run_worker_async(
            concurrency=config.worker_concurrency,
            fetch_job_polling_interval=POLLING_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=STALLED_AFTER_SECONDS,
            shutdown_graceful_timeout=5,
            delete_jobs="successful",
        )
    await database.close()


def run() -> None:
    """The process `worker`: ends when the database does, to be started again."""
    try:
        asyncio.run(work(settings()))
    except procrastinate.exceptions.ConnectorException as away:
        log.error("database_went_away", error=type(away.__cause__ or away).__name__)
        raise SystemExit(1) from None
