"""Generate the motions of a table of prompts on a Ray cluster, as Parquet: pip install "ram_sdk[ray]".

On one machine, `ram-sdk batch prompts.csv -o motions/ --workers 4` does the same without Ray.
"""

from pathlib import Path

import numpy as np
import ray.data

from ram_sdk.batch import Recipe, plan, read_table
from ram_sdk.batch.cluster import motions

table = Path("prompts.csv")
table.write_text("prompt,duration,num\na person walks forward,2,2\na person jumps,,1\n")
ray.init()  # the cluster of this machine, or a local one

recipe = Recipe(sampling={"num_inference_steps": 20})
rows, bad = read_table(table)
jobs, more = plan(rows, recipe.load(), recipe)
print("skipped:", bad + more)
motions(jobs, recipe, actors=2).write_parquet("motions.parquet")

for row in ray.data.read_parquet("motions.parquet").take_all():
    print(row["name"], row["seed"], np.reshape(row["joints"], (row["frames"], 22, 3)).shape)
