"""The formats as a Markdown table, for the docs: `python -m ram_sdk.formats.table`."""

from ram_sdk.formats import FORMATS, Format
from ram_sdk.formats.write_options import Option, options_of


def markdown() -> str:
    """One row for each format: suffixes, content, options with their choices (the default first), needs."""
    rows = ["| suffix | content | options | needs |", "|---|---|---|---|"]
    return "\n".join([*rows, *map(_row, FORMATS)])


def _row(kind: Format) -> str:
    suffixes = " ".join(f"`{suffix}`" for suffix in kind.suffixes)
    options = "; ".join(map(_option, options_of(kind.options)))
    cells = (suffixes, kind.content + (" (read, too)" if kind.readable else ""), options, kind.needs)
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _option(option: Option) -> str:
    if not option.choices:
        return f"`{option.name}`"
    others = (choice for choice in option.choices if choice != option.default)
    return f"`{option.name}` {', '.join((option.default, *others))}"


if __name__ == "__main__":
    print(markdown())
