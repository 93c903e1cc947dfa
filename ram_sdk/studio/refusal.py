"""`Refusal`: an answer that is no."""

from starlette.exceptions import HTTPException

ENDING = "the server ends: try again when it is back"


class Refusal(HTTPException):
    """What was asked for is not done; becomes `{"error": message}`."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        """Refuse.

        Args:
            status: HTTP status.
            message: one line: what was given, what is allowed, what to do.
            retry_after: seconds after which asking again may help, if waiting does.
        """
        headers = None if retry_after is None else {"Retry-After": str(retry_after)}
        super().__init__(status, one_line(message), headers)


def one_line(message: object) -> str:
    """A message as one line that JSON can carry."""
    return " ".join(str(message).split()).encode("utf-8", "replace").decode()
