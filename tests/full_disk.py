"""Writing on a disk that is full, in a process of its own."""

import os
import resource
import signal
from collections.abc import Callable


def fill_disk(limit: int) -> None:
    """Let no file of this process and its children grow beyond a limit in bytes: writing fails."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def in_a_child(work: Callable[[], object]) -> int:
    """Run work in a forked process; returns its exit code, that of the error's `errno` if it raises one."""
    child = os.fork()
    if child == 0:
        code = 0
        try:
            work()
        except OSError as error:
            code = error.errno or 99
        except BaseException:
            code = 98
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
