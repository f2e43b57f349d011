"""Program that sends what is due in a store, again and again, until it is killed.

It forks a child for each line on its standard input, so that libraries are loaded once.
`python -m tests.alerts.killed_sender STORE PORT`.
"""

import os
import sys
import threading
from datetime import timedelta

from banwatch.alerts.channels import open_channel
from banwatch.alerts.dispatch import Dispatcher
from banwatch.alerts.settings import AlertSettings, Channel, Rule
from banwatch.alerts.signing import make_secret
from banwatch.store import Store, queries
from tests.alerts.incidents import NOW, incident

INCIDENTS = 55


def send_all(path: str, port: int) -> None:
    """Send a message of each incident, in this process."""
    channel = Channel(name="desk", webhook=f"http://127.0.0.1:{port}/", secret=make_secret(), picture=False)
    settings = AlertSettings(channels=(channel,), rules=(Rule(channels=("desk",)),))
    with Store.open(path) as store:
        if not queries.incidents(store):
            with store.transaction():
                rows = [incident(incident_id=f"KP-2026-{number:04}") for number in range(INCIDENTS)]
                store.append("incident", rows)
        seconds = iter(range(10_000))
        dispatcher = Dispatcher(
            settings,
            store,
            threading.Lock(),
            {"desk": open_channel(channel, 5)},
            now=lambda: NOW + timedelta(seconds=next(seconds)),
        )
        dispatcher.step()


def main() -> None:
    """Fork a child for each line, print its process id, and how it ended."""
    path, port = sys.argv[1], int(sys.argv[2])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            send_all(path, port)
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended {status}", flush=True)


if __name__ == "__main__":
    main()
