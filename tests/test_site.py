"""What the documentation takes from the code is all there; `poe docs` builds it and holds its links."""

import importlib.util
import pkgutil
import re
from importlib import import_module
from types import ModuleType

import pytest

from ram_sdk import cli, formats
from ram_sdk.formats.write_options import options_of
from tests.documents import ROOT
from training import commands


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "site" / "hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_option_of_every_format(hooks) -> None:
    text = hooks.format_options()
    for kind in formats.FORMATS:
        for option in options_of(kind.options):
            assert f"| `{option.name}`" in text
            assert option.help in text


def test_every_verb_has_its_help(hooks) -> None:
    text = hooks.sdk_help()
    names = [one.name for one in pkgutil.iter_modules(cli.__path__) if one.name != "__main__"]
    modules = [import_module(f"ram_sdk.cli.{name}") for name in names]
    verbs = [one for one in modules if hasattr(one, "add_parser")]
    sections = re.findall(r"^## ram-sdk (\S+)\n\n```text\nusage: ram-sdk \1 ", text, re.MULTILINE)
    assert len(sections) == len(verbs) >= 5


def test_every_training_command_has_its_help(hooks) -> None:
    text = hooks.training_help()
    for name in commands.COMMANDS:
        assert f"\n## {name}" in text
    assert "usage: python -m training prepare open " in text


def test_every_card_is_there_with_its_pictures(hooks) -> None:
    for place in hooks.CARDS.values():
        text = (ROOT / place).read_text(encoding="utf-8")
        for picture in hooks._IMAGE.findall(text):
            assert (ROOT / place).with_name(picture).exists()
    assert "cards/open-small" in hooks.CARDS
