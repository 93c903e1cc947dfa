"""Ways to damage a valid file: its bytes, its text, or the text inside a container."""

import io
import json
import os
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import yaml

CANARY = "fuzz-canary"
"""Name of the file that appears if a reader executes code of a file."""

_SEARCHED = 20_000  # bytes in which a number or a word to change is searched
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_EXTREMES = (
    *(b"0", b"-1", b"1e999", b"-1e308", b"1e-320", b"NaN", b"-Infinity", b"inf", b"4294967296", b"-0.0"),
    *(b"99999999999999999999999999", b"9" * 5000, b"1,5", b"0x10", b"1_0", b"true", b""),
)
_COUNTS = (b"100000", b"1000000000", b"1000000000000", b"9223372036854775807", b"18446744073709551616")
_BINARY = tuple(
    bytes.fromhex(pattern)
    for pattern in (
        *("00000000", "ffffffff", "ffffff7f", "00000080", "0000c07f", "0000807f", "000080ff"),
        *("ffffffffffffff7f", "000000000000f87f", "0000000000000080", "00ca9a3b00000000"),
    )
)
_VALUES: tuple[Any, ...] = (
    *(None, True, "", "text", "\x00", "../../x", "ü\u2028", 0, -1, 2.5, 1e308, 10**30, 10**9, 1j.imag),
    *([], [[]], [None], {}, {"a": 1}, float("nan"), float("inf"), [1, "a"], "9" * 2000),
)


class _Canary:
    """Creates a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {CANARY}",)


def flip(content: bytes, random: Random) -> bytes:
    """Some bytes are changed."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 8)):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def truncate(content: bytes, random: Random) -> bytes:
    """The end is missing."""
    return content[: random.randrange(len(content) + 1)]


def numbers(content: bytes, random: Random) -> bytes:
    """A number is replaced by an extreme or malformed one."""
    return _replaced(content, _EXTREMES, random)


def counts(content: bytes, random: Random) -> bytes:
    """A number, such as a count, is replaced by a huge integer."""
    return _replaced(content, _COUNTS, random)


def lines(content: bytes, random: Random) -> bytes:
    """A line, or a block of a binary file, is deleted, duplicated or moved."""
    parts = content.split(b"\n") if _is_text(content) else _pieces(content)
    at, other = random.randrange(len(parts)), random.randrange(len(parts))
    match random.randrange(3):
        case 0:
            del parts[at]
        case 1:
            parts.insert(other, parts[at])
        case _:
            parts[at], parts[other] = parts[other], parts[at]
    return (b"\n" if _is_text(content) else b"").join(parts)


def types(content: bytes, random: Random, suffix: str) -> bytes:
    """A value has the wrong type, or a key or an entry is missing, duplicated or unknown."""
    if suffix in (".yaml", ".yml"):
        changed = _retyped(yaml.safe_load(content), random)
        return yaml.safe_dump(changed, allow_unicode=True).encode()
    if _is_json(content):
        return json.dumps(_retyped(json.loads(content), random)).encode()
    words = list(re.finditer(rb"[^\s,;]+", content[:_SEARCHED]))
    if not words:
        return flip(content, random)
    word = random.choice(words)
    value = str(random.choice(_VALUES)).encode()
    return content[: word.start()] + value + content[word.end() :]


def nesting(content: bytes, random: Random) -> bytes:
    """Brackets are nested up to 20,000 deep."""
    opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"JOINT a\n{\n", b"}")))
    depth = random.choice((50, 1000, 20_000))
    nested = opening * depth + b"0" + closing * depth
    if random.random() < 0.5:
        return nested
    found = list(_NUMBER.finditer(content[:_SEARCHED]))
    at = random.choice(found) if found else None
    return nested if at is None else content[: at.start()] + nested + content[at.end() :]


def code(content: bytes, random: Random) -> bytes:
    """Code that is executed if a reader trusts the file."""
    payload = random.choice(_PAYLOADS)()
    if random.random() < 0.5:
        return payload
    if _is_json(content) and isinstance(value := json.loads(content), dict):
        module = {"auto_map": {"AutoModel": "evil.M", "AutoConfig": "evil.C"}, "trust_remote_code": True}
        return json.dumps(value | module).encode()
    at = content.rfind(b"\n", 0, random.randrange(len(content) + 1)) + 1
    return content[:at] + payload + content[at:]


def foreign(content: bytes, random: Random) -> bytes:
    """The content does not match the format: empty, noise, another encoding."""
    choices: tuple[Callable[[], bytes], ...] = (
        lambda: b"",
        lambda: random.randbytes(random.randrange(1, 4000)),
        lambda: b"\0" * 1000,
        lambda: content.decode("latin1").encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + content,
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content * 2,
        lambda: b"\xff\xfe\xff" + content,
    )
    return random.choice(choices)()


KINDS: dict[str, Callable[..., bytes]] = {
    kind.__name__: kind for kind in (flip, truncate, numbers, counts, lines, types, nesting, code, foreign)
}


def mutate(content: bytes, name: str, kind: str, random: Random) -> bytes:
    """Damage a file.

    Args:
        content: the valid file.
        name: its name; for a container, the text in the archive or header is damaged most of the time, and
            its lengths are adjusted.
        kind: key of `KINDS`.
        random: decides where and how.
    """
    suffix = Path(name).suffix
    change = KINDS[kind]

    def apply(text: bytes, kind_of: str) -> bytes:
        return change(text, random, kind_of) if change is types else change(text, random)

    inside = _CONTAINERS.get(suffix)
    if inside is not None and random.random() < 0.6:
        return inside(content, lambda text: apply(text, ".json"), random)
    return apply(content, suffix)


def _in_zip(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as changed:
        chosen = random.choice(archive.namelist())
        for name in archive.namelist():
            data = archive.read(name)
            changed.writestr(name, change(data) if name == chosen else data)
    return out.getvalue()


def _in_npy(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    """Change the header, and adjust its length."""
    end = 10 + int.from_bytes(content[8:10], "little")
    header = change(content[10:end])[:65_535]
    return content[:8] + len(header).to_bytes(2, "little") + header + content[end:]


def _in_safetensors(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    end = 8 + int.from_bytes(content[:8], "little")
    header = change(content[8:end])
    return len(header).to_bytes(8, "little") + header + content[end:]


def _in_glb(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    end = 20 + int.from_bytes(content[12:16], "little")
    text = change(content[20:end])
    text += b" " * (-len(text) % 4)
    length = (len(content) - end + 20 + len(text)).to_bytes(4, "little")
    return content[:8] + length + len(text).to_bytes(4, "little") + content[16:20] + text + content[end:]


_CONTAINERS = {".npz": _in_zip, ".npy": _in_npy, ".safetensors": _in_safetensors, ".glb": _in_glb}


def _pickled_array() -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([_Canary()], dtype=object), allow_pickle=True)
    return out.getvalue()


_PAYLOADS: tuple[Callable[[], bytes], ...] = (
    lambda: pickle.dumps(_Canary(), 2),
    lambda: pickle.dumps({"v_template": _Canary()}, 4),
    _pickled_array,
    lambda: f"a: !!python/object/apply:os.system ['touch {CANARY}']\n".encode(),
    lambda: f"!!python/object/new:os.system [touch {CANARY}]\n".encode(),
    lambda: f"__import__('os').system('touch {CANARY}')\n".encode(),
    lambda: f"$(touch {CANARY}) `touch {CANARY}`\n".encode(),
)


def _is_text(content: bytes) -> bool:
    return b"\0" not in content


def _is_json(content: bytes) -> bool:
    if content.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _pieces(content: bytes) -> list[bytes]:
    size = max(len(content) // 40, 1)
    return [content[start : start + size] for start in range(0, len(content), size)]


def _replaced(content: bytes, texts: tuple[bytes, ...], random: Random) -> bytes:
    """Replace one number written as text or, in binary files, sometimes bytes by a binary number."""
    if not _is_text(content) and random.random() < 0.5:
        pattern = random.choice(_BINARY)
        at = random.randrange(max(len(content) - len(pattern), 1))
        return content[:at] + pattern + content[at + len(pattern) :]
    found = list(_NUMBER.finditer(content[:_SEARCHED]))
    if not found:
        return flip(content, random)
    number = random.choice(found)
    return content[: number.start()] + random.choice(texts) + content[number.end() :]


def _retyped(value: Any, random: Random) -> Any:
    """The value with one change somewhere in it."""
    if isinstance(value, dict) and value and random.random() < 0.9:
        key = random.choice(list(value))
        match random.randrange(8):
            case 0:
                return {name: entry for name, entry in value.items() if name != key}
            case 1:
                return value | {"unknown": random.choice(_VALUES)}
        return value | {key: _retyped(value[key], random)}
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        match random.randrange(8):
            case 0:
                return value[:at] + value[at + 1 :]
            case 1:
                return [*value, value[at]]
        return [*value[:at], _retyped(value[at], random), *value[at + 1 :]]
    return random.choice(_VALUES)
