"""Test losses of LightGBM 4.7.0 on its own example data: python boosting.py DATA > boosting.json

DATA is the folder `lightgbm_examples`. Each case is fitted with ten seeds, each tree on nine tenths of the features, so
that there is a band to fall into; and once on all features. Other settings are the defaults.
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np

assert lightgbm.__version__ == "4.7.0", lightgbm.__version__
data = Path(sys.argv[1])


def read(name):
    rows = np.loadtxt(data / name)
    return rows[:, 1:], rows[:, 0]


def weights(name):
    return np.loadtxt(data / name)


def log_loss(y, p):
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def squared_error(y, p):
    return float(np.mean((y - p) ** 2))


def multiclass_log_loss(y, p):
    return float(-np.mean(np.log(p[np.arange(len(y)), y.astype(int)])))


cases = []


def case(name, file, loss, params, weight=None):
    (x, y), (x_test, y_test) = read(f"{file}.train"), read(f"{file}.test")
    w = weights(weight) if weight else None

    def fit(**more):
        settings = params | {"verbose": -1, "num_threads": 1, "deterministic": True} | more
        return loss(y_test, lightgbm.train(settings, lightgbm.Dataset(x, y, weight=w), 100).predict(x_test))

    all_features = fit()
    sampled = [fit(feature_fraction=0.9, seed=seed) for seed in range(10)]
    cases.append({"name": name, "all_features": all_features, "sampled": sampled})


binary = {"objective": "binary", "num_leaves": 63, "learning_rate": 0.1}
case("binary", "binary_classification/binary", log_loss, binary)
case("weighted", "binary_classification/binary", log_loss, binary, "binary_classification/binary.train.weight")
regression = {"objective": "regression", "num_leaves": 31, "learning_rate": 0.05}
case("regression", "regression/regression", squared_error, regression)
multiclass = {"objective": "multiclass", "num_class": 5, "num_leaves": 31, "learning_rate": 0.05}
case("multiclass", "multiclass_classification/multiclass", multiclass_log_loss, multiclass)

print(json.dumps({"cases": cases}, indent=1))
