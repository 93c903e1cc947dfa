"""How commands end."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_errors(command: str) -> Iterator[None]:
    """Turn what the user can mend into one line on stderr and exit status 2.

    Args:
        command: what the line begins with, such as "training.evaluation.evaluate".
    """
    try:
        yield
    except (ValueError, OSError, ImportError) as error:
        print(f"{command}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
