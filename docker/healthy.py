"""Whether a container does its work: exit status 0 if so, 1 if not. Standard library only, but for `worker`.

healthy.py http http://127.0.0.1:8000/healthz    the address answers with 200
healthy.py rasa                                  rasa answers, with a model loaded
healthy.py worker                                some worker of this database shows a heartbeat
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

WITHIN_SECONDS = 5


def answers(url):
    """Whether the address answers with 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=WITHIN_SECONDS)
    try:
        connection.request("GET", parts.path + ("?" + parts.query if parts.query else ""))
        return connection.getresponse().status == 200
    except OSError:
        return False


def a_worker_beats(url):
    """Whether some worker has shown a heartbeat lately."""
    import psycopg

    query = "SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - interval '10 seconds')"
    try:
        with psycopg.connect(url, connect_timeout=WITHIN_SECONDS) as connection:
            return connection.execute(query).fetchone()[0]
    except psycopg.Error:
        return False


def main(what, *arguments):
    """Ask."""
    if what == "http":
        return answers(*arguments)
    if what == "rasa":
        return answers("http://127.0.0.1:5005/status?token=" + os.environ["TINGSU_RASA_TOKEN"])
    if what == "worker":
        return a_worker_beats(os.environ["DATABASE_URL"])
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(0 if main(*(sys.argv[1:] or [""])) else 1)
