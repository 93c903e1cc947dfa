"""`Store`: the most recently used results, of bounded size."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Store(Generic[Value]):
    """Values by id; when they get too large together, the least recently used go. Thread-safe."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit` bytes, and always the newest value."""
        self._limit = limit
        self._size = 0
        self._values: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, key: str, value: Value, size: int) -> None:
        """Keep a value of so many bytes under a new id."""
        with self._lock:
            self._values[key] = value, size
            self._size += size
            while self._size > self._limit and len(self._values) > 1:
                _, (_, freed) = self._values.popitem(last=False)
                self._size -= freed

    def get(self, key: str) -> Value | None:
        """The value of that id; None if it never was or is no longer kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def __len__(self) -> int:
        return len(self._values)
