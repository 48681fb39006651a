"""Structured logs, one JSON object a line, without message texts or personal data.

What may be logged is decided where it is logged: ids, counts, durations, states. `redact` is the net below:
it drops the fields in which a text could slip through.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

FORBIDDEN = frozenset({"text", "message_text", "name", "phone", "story", "wish", "token", "password"})


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value of every field that could hold personal data."""
    return {key: "[withheld]" if key in FORBIDDEN else value for key, value in event.items()}


def set_up_logging(process: str, level: str = "INFO") -> None:
    """Send this process's logs, and those of its libraries, to standard error as JSON lines.

    Args:
        process: the name of the process, written into each line.
        level: the lowest level written.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These write addresses with query strings, job arguments or whole updates at INFO.
    for name in ("httpx", "httpcore", "telegram", "uvicorn.access", "procrastinate"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
