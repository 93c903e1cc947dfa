"""What the site takes from the code when it is built: formats, help texts and cards; and its outside links.

A line `{{ name }}` in a page is replaced by what `GENERATED` makes of it. Cards stay where they belong,
beside their weights and data; here they become pages, with the pictures that they show.
"""

import contextlib
import io
import os
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from ram_sdk import cli, formats
from ram_sdk.formats import table
from ram_sdk.formats.write_options import Option, options_of
from ram_sdk.shipped import SHIPPED
from training import commands
from training.commands import runner

ROOT = Path(__file__).resolve().parents[2]
CARDS = {
    **{f"cards/{name}": f"ram_sdk/assets/checkpoints/{name}/README.md" for name in SHIPPED},
    "cards/data-sets": "training/data/README.md",
    "cards/open-data": "training/open_data/DATA_CARD.md",
    "cards/open-evaluator": "training/evaluation/open/README.md",
    "cards/prompt-checks": "training/evaluation/prompt_checks/VALIDATION.md",
    "cards/body": "ram_sdk/assets/body.md",
    "changelog": "CHANGELOG.md",
}
"""Pages of the site that are files of other places."""

_PLACEHOLDER = re.compile(r"^\{\{ (.+?) \}\}$", re.MULTILINE)
_FOR_CLONES = re.compile(r"^> Filled when .*\n", re.MULTILINE)  # what only readers of the sources need
_IMAGE = re.compile(r"!\[.*?\]\(([^):]+)\)")
_OUTSIDE = re.compile(r"https?://[^\s)>\]`\"']+")
_OPTION_HEAD = "| option | what | allowed | default |\n|---|---|---|---|"
_WIDTH = "100"  # columns of help texts

_outside_links: set[str] = set()


def format_options() -> str:
    """A section for each format that has options: what each of them is, allows, and is by default."""
    sections = []
    for kind in formats.FORMATS:
        if options := options_of(kind.options):
            rows = "\n".join(map(_option_row, options))
            title = " ".join(f"`{suffix}`" for suffix in kind.suffixes)
            sections.append(f"### {title}\n\n{_OPTION_HEAD}\n{rows}")
    return "\n\n".join(sections)


def _option_row(option: Option) -> str:
    allowed = ", ".join(f"`{choice}`" for choice in option.choices)
    if option.kind in (int, float):
        allowed = "a number" if option.low == float("-inf") else f"{option.low:g} to {option.high:g}"
    default = "" if option.default in (None, ()) else f"`{option.default}`"
    shell = "" if option.kind is object else f"<br>`{option.flag}`"
    return f"| `{option.name}`{shell} | {option.help} | {allowed} | {default} |"


def sdk_help() -> str:
    """What `ram-sdk --help` and its verbs print."""
    texts = [_printed(lambda: cli.main(["--help"]))]
    for verb in _verbs(texts[0]):
        text = _printed(lambda verb=verb: cli.main([verb, "--help"]))
        texts.append(f"## ram-sdk {verb}\n\n{text}")
    return "\n\n".join(texts)


def _verbs(text: str) -> list[str]:
    return re.findall(r"^    (\w[\w-]*)(?:  |$)", text, re.MULTILINE)


def training_help() -> str:
    """What `python -m training` and its commands print."""
    texts = [_printed(lambda: runner.main([]))]
    for path in _leaves(commands):
        text = _printed(lambda path=path: runner.main([*path, "--help"]))
        texts.append(f"## {' '.join(path)}\n\n{text}")
    return "\n\n".join(texts)


def _leaves(group: ModuleType, *path: str) -> Iterator[tuple[str, ...]]:
    for name in group.COMMANDS:
        module = import_module(f"{group.__name__}.{name.replace('-', '_')}")
        yield from _leaves(module, *path, name) if hasattr(module, "COMMANDS") else [(*path, name)]


def _printed(help_of: Callable[[], object]) -> str:
    """A help text as a block of code."""
    os.environ["COLUMNS"] = _WIDTH
    with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.suppress(SystemExit):
        help_of()
    return f"```text\n{text.getvalue().strip()}\n```"


GENERATED: dict[str, Callable[[], str]] = {
    "table of formats": table.markdown,
    "options of formats": format_options,
    "help of ram-sdk": sdk_help,
    "help of python -m training": training_help,
}


def on_config(config: MkDocsConfig) -> None:
    """Put the cards into the navigation, under their own titles."""
    (section,) = [part for part in config.nav if "Cards" in part]
    section["Cards"] += [f"{page}/index.md" for page in CARDS]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the cards and the pictures that they show."""
    for page, place in CARDS.items():
        text = _without_front_matter((ROOT / place).read_text(encoding="utf-8"))
        files.append(File.generated(config, f"{page}/index.md", content=text))
        for picture in _IMAGE.findall(text):
            source = (ROOT / place).parent / picture
            files.append(File.generated(config, f"{page}/{picture}", abs_src_path=str(source)))


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what is generated, and note the links that lead outside."""
    markdown = _FOR_CLONES.sub("", markdown)
    markdown = _PLACEHOLDER.sub(lambda match: GENERATED[match[1]](), markdown)
    _outside_links.update(link.rstrip(".,;:") for link in _OUTSIDE.findall(markdown))
    return markdown


def on_post_build(config: MkDocsConfig) -> None:
    """List the links that lead outside: nobody checks them here."""
    listed = Path(config.site_dir, "outside_links.txt")
    listed.write_text("\n".join(sorted(_outside_links)) + "\n", encoding="utf-8")
