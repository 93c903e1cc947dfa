"""The mutations fit the code as it stands; `python -m tests.mutations` tries them."""

import shutil

import pytest

from tests.mutation_table import MUTATIONS, Mutation
from tests.mutations import ROOT


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutation_applies_and_names_a_test(mutation: Mutation, tmp_path):
    (tmp_path / mutation.file).parent.mkdir(parents=True)
    shutil.copy(ROOT / mutation.file, tmp_path / mutation.file)
    original = mutation.apply(tmp_path)
    changed = (tmp_path / mutation.file).read_text(encoding="utf-8")
    assert changed != original
    if mutation.file.endswith(".py"):
        compile(changed, mutation.file, "exec")
    file, _, name = mutation.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8")
