"""The models behind the scores that the README of LightGBM's example data states.

    python reference.py DATA         # the one of regression, without what no prediction needs, into exchange-reference/
    python reference.py DATA DIR     # all four as they are, for the same test: ADSML_REFERENCE_DIR=DIR cargo test

DATA is the folder `lightgbm_examples`.
"""

import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

assert lgb.__version__ == "4.7.0", lgb.__version__
data = Path(sys.argv[1])
CASES = {
    "regression": ("regression/regression", {"objective": "regression", "learning_rate": 0.05, "num_leaves": 31}),
    "binary": ("binary_classification/binary", {"objective": "binary", "num_leaves": 63}),
    "binary_weighted": ("binary_classification/binary", {"objective": "binary", "num_leaves": 63}),
    "multiclass": (
        "multiclass_classification/multiclass",
        {"objective": "multiclass", "num_class": 5, "learning_rate": 0.05, "num_leaves": 31},
    ),
}


def fit(name):
    path, params = CASES[name]
    rows = np.loadtxt(data / f"{path}.train")
    weight = np.loadtxt(data / f"{path}.train.weight") if name.endswith("weighted") else None
    train = lgb.Dataset(rows[:, 1:], rows[:, 0], weight=weight)
    return lgb.train({"verbose": -1, "num_threads": 1, "deterministic": True, **params}, train, 100).model_to_string()


if len(sys.argv) > 2:
    for name in CASES:
        (Path(sys.argv[2]) / f"{name}.txt").write_text(fit(name))
else:
    out = Path(__file__).parent / "exchange-reference"
    out.mkdir(exist_ok=True)
    needless = ("split_gain", "leaf_weight", "leaf_count", "internal_", "tree_sizes")
    trees, _ = fit("regression").split("end of trees")
    lines = [line for line in trees.split("\n") if not line.startswith(needless)]
    (out / "regression.txt").write_text("\n".join(lines) + "end of trees\n")
