"""`Refusal`: a request that is denied."""

from starlette.exceptions import HTTPException

ENDING = "the server is shutting down: try again when it is back"


class Refusal(HTTPException):
    """The request is denied; becomes the response `{"error": message}`."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        """Refuse.

        Args:
            status: HTTP status.
            message: one line: what was given, what is allowed, what to do.
            retry_after: seconds after which to retry, if waiting helps.
        """
        headers = None if retry_after is None else {"Retry-After": str(retry_after)}
        super().__init__(status, one_line(message), headers)


def one_line(message: object) -> str:
    """A message as one line that JSON can carry."""
    return " ".join(str(message).split()).encode("utf-8", "replace").decode()
