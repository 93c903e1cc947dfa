"""Whether the tests catch the mutations of `mutation_table`.

    python -m tests.mutations [WORD ...]

applies them one by one to a copy of the tree, runs the named test alone, and prints caught or survived; with
words only those whose name contains one of them. The exit status is 1 if one survived or could not be tried.
"""

import importlib
import multiprocessing
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.mutation_table import MUTATIONS

ROOT = Path(__file__).resolve().parents[1]
_COPIED = ("ram_sdk", "training", "tests", "examples", "pyproject.toml", "README.md")
_SLOW = ("torch", "accelerate", "transformers.models.bert.modeling_bert")  # to import
_FAILED = 1  # pytest's exit status when tests ran and failed; anything else is no answer


def run(root: Path, tests: list[str]) -> int:
    """Exit status of pytest over some tests of a tree, in a process that has the slow libraries already."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(root, tests))
    process.start()
    process.join()
    return process.exitcode or 0


def _run(root: Path, tests: list[str]) -> None:
    os.chdir(root)
    sys.path[0] = str(root)  # where `python -m` has put the tree that is copied
    sys.dont_write_bytecode = True  # it knows a changed source by whole seconds only
    for name in [name for name in sys.modules if name.partition(".")[0] in _COPIED]:
        del sys.modules[name]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os._exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))


def main(words: list[str]) -> int:
    """Try the mutations; returns the exit status."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    for library in _SLOW:
        importlib.import_module(library)
    chosen = [m for m in MUTATIONS if not words or any(word in m.name for word in words)]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in _COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        if status := run(root, list(dict.fromkeys(mutation.test for mutation in chosen))):
            print(f"the tests fail without any mutation (pytest ended with {status}): fix them first")
            return 1
        survived = 0
        for mutation in chosen:
            original = mutation.apply(root)
            status = run(root, [mutation.test])
            (root / mutation.file).write_text(original, encoding="utf-8")
            answer = {0: "SURVIVED", _FAILED: "caught"}.get(status, f"NOT TRIED (pytest ended with {status})")
            survived += status != _FAILED
            print(f"{answer}: {mutation.name} ({mutation.test.rpartition('::')[2]})", flush=True)
    print(f"{len(chosen)} mutations, {survived} survived")
    return int(survived > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
