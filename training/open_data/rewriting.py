"""What is done to a fetched file before it is kept, so that every copy of it is the same bytes."""

_COMMENT = b"#"
_KEPT = 2  # of the frames of a capture every second is kept: 120 Hz become 60


def as_it_is(content: bytes) -> bytes:
    """The content itself."""
    return content


def plain_lines(content: bytes) -> bytes:
    """Lines that end with a line feed, without spaces at their ends, empty lines and comments."""
    lines = [line.rstrip() for line in content.splitlines()]
    return b"".join(line + b"\n" for line in lines if line and not line.startswith(_COMMENT))


def every_second_frame(content: bytes) -> bytes:
    """The frames 1, 3, 5 ... of an AMC motion, numbered anew; the numbers in them stay as they are written.

    Skeletons (ASF), which have no frames, keep all of their lines.
    """
    kept: list[bytes] = []
    frame = 0
    for line in plain_lines(content).splitlines():
        if line.isdigit():
            frame += 1
            line = b"%d" % (frame // _KEPT + 1)
        if frame == 0 or frame % _KEPT == 1:
            kept.append(line)
    return b"".join(line + b"\n" for line in kept)
