"""Who has the terminal while a program runs inside a lab."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def terminal_lent(*, keeps_jobs: bool) -> Iterator[Callable[[], None]]:
    """Let a child have the terminal while it runs, as a shell does: Ctrl-C is then for it alone.

    Args:
        keeps_jobs: the child is a shell. Any other cannot be stopped by Ctrl-Z: nobody could wake it again.

    Yields:
        What the child is to call before it begins; it does nothing without a terminal of ours.
    """
    try:
        is_ours = os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        is_ours = False

    def take() -> None:
        if is_ours:
            before = signal.signal(
                signal.SIGTTOU, signal.SIG_IGN
            )  # taking it from the background would stop us
            os.setpgid(0, 0)
            os.tcsetpgrp(0, os.getpgrp())
            signal.signal(signal.SIGTTOU, before)
            if not keeps_jobs:
                signal.signal(signal.SIGTSTP, signal.SIG_IGN)

    try:
        yield take
    finally:
        if is_ours and threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            with contextlib.suppress(OSError):
                os.tcsetpgrp(0, os.getpgrp())
            signal.signal(signal.SIGTTOU, before)
