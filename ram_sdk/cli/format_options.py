"""Options of formats on the command line, from the classes in `ram_sdk.formats.write_options`."""

import argparse
from collections.abc import Collection

from ram_sdk import formats
from ram_sdk.formats.write_options import Option, Options, options_of

_SHARED = "fps"  # an option of every command that writes motions


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """Add every option that some format takes, once."""
    group = parser.add_argument_group("options of formats")
    for name, takers in _takers().items():
        first = next(iter(takers.values()))
        group.add_argument(
            first.flag, dest=f"format_{name}", type=first.kind, metavar=name.upper(), help=_help(takers)
        )


def chosen(arguments: argparse.Namespace, suffixes: Collection[str]) -> dict[str, Options]:
    """The options of each output format, by suffix.

    Raises:
        ValueError: an option that none of the formats takes, or a value that is not allowed.
    """
    takers = _takers()
    given = {name: value for name in takers if (value := getattr(arguments, f"format_{name}")) is not None}
    for name in given:
        if not takers[name].keys() & set(suffixes):
            flag = next(iter(takers[name].values())).flag
            raise ValueError(
                f"{flag} is an option of {', '.join(takers[name])}: {', '.join(suffixes)} does not take it"
            )
    options = {}
    for suffix in suffixes:
        known = {name: value for name, value in given.items() if suffix in takers[name]}
        if arguments.fps is not None and _has(suffix, _SHARED):
            known[_SHARED] = arguments.fps
        try:
            options[suffix] = formats.BY_SUFFIX[suffix].options(**known)
        except ValueError as error:
            raise ValueError(f"{suffix}: {error}") from error
    return options


def _takers() -> dict[str, dict[str, Option]]:
    """For each option the suffixes that take it, each with its own form of it."""
    takers: dict[str, dict[str, Option]] = {}
    for suffix, kind in formats.BY_SUFFIX.items():
        for option in options_of(kind.options):
            if option.name != _SHARED and option.kind is not object:
                takers.setdefault(option.name, {})[suffix] = option
    return takers


def _has(suffix: str, name: str) -> bool:
    return any(option.name == name for option in options_of(formats.BY_SUFFIX[suffix].options))


def _help(takers: dict[str, Option]) -> str:
    """What an option means: one clause for each form of it, with the suffixes that take it."""
    forms: dict[str, list[str]] = {}
    for suffix, option in takers.items():
        text = option.help
        if option.choices:
            text += f": {', '.join(option.choices)}"
        if option.default is not None:
            text += f" (default: {option.default})"
        forms.setdefault(text, []).append(suffix)
    clauses = [f"{' '.join(suffixes)}: {text}" for text, suffixes in forms.items()]
    return "; ".join(clauses).replace("%", "%%")
