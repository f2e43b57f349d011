"""Terminal of a program in a lab: lent to it while it runs."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def terminal_lent(*, keeps_jobs: bool) -> Iterator[Callable[[], None]]:
    """Lend the terminal to a child process, as a shell does: Ctrl-C then reaches only the child.

    Args:
        keeps_jobs: whether the child is a shell. Ctrl-Z stops no other program: nothing could resume it.

    Yields:
        The function that the child calls first; without a terminal of this process it does nothing.
    """
    try:
        is_ours = os.isatty(0) and os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        is_ours = False

    def take() -> None:
        if is_ours:
            before = signal.signal(
                signal.SIGTTOU, signal.SIG_IGN
            )  # a background process that takes the terminal is stopped
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
