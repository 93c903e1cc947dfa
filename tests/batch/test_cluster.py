"""Ray Data makes what a batch makes."""

import importlib.util
import json

import numpy as np
import pytest

from ram_sdk.batch import Job, Recipe, plan, read_table, run
from ram_sdk.batch.cluster import _columns
from ram_sdk.changes import Changes
from tests.requirements import skip_without


@pytest.mark.slow
def test_two_actors_make_the_same_motions(checkpoint, tmp_path, monkeypatch):
    if importlib.util.find_spec("ray") is None:
        skip_without("needs Ray: pip install 'ram_sdk[ray]'")
    import pyarrow.parquet as parquet
    import ray

    from ram_sdk.batch.cluster import motions

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,duration,num\na person walks,1,3\nthe man jumps,2,2\nsomeone kicks left,,1\n")
    recipe = Recipe(str(checkpoint), sampling={"num_inference_steps": 2})
    run(table, tmp_path / "out", recipe)
    jobs, bad = plan(read_table(table)[0], recipe.load("cpu"), recipe)
    assert not bad
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    try:
        motions(jobs, recipe, actors=2, batch_size=3).write_parquet(str(tmp_path / "parquet"))
    finally:
        ray.shutdown()
    rows = parquet.read_table(tmp_path / "parquet").to_pylist()
    assert sorted(row["name"] for row in rows) == sorted(job.file.removesuffix(".npz") for job in jobs)
    for row in rows:
        made = np.float32(row["joints"]).reshape(row["frames"], 22, 3)
        with np.load(tmp_path / "out" / f"{row['name']}.npz") as saved:
            np.testing.assert_allclose(made, saved["joints"], atol=1e-4)
            assert row["prompt"] == str(saved["prompt"])
            assert json.loads(row["settings"]) == json.loads(str(saved["settings"]))


def test_what_cannot_be_changed_is_a_row_that_says_why(pipeline):
    job = Job(1, "1.npz", "a person walks", 40, True, 1, "")
    motion = pipeline("a person walks", 40, seed=1, num_inference_steps=2).motions[0]
    row = _columns(job, motion, None, Changes(loop=10**6))
    assert row["error"]
    assert row["joints"] == []
    assert _columns(job, motion, None, Changes())["error"] == ""
