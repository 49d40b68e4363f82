"""Test losses of XGBoost 3.2.0 on LightGBM's example data: python boosting.py DATA > boosting.json

DATA is the folder `lightgbm_examples`. Depth 6, `tree_method="hist"` with 255 bins, 100 rounds at `eta` 0.1, other
settings default. Each case is fitted with ten seeds, each tree on nine tenths of the features, so that there is a band to
fall into; and once on all features.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost

assert xgboost.__version__ == "3.2.0", xgboost.__version__
data = Path(sys.argv[1])


def read(name):
    rows = np.loadtxt(data / name)
    return rows[:, 1:], rows[:, 0]


def log_loss(y, p):
    p = p.astype(float)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def squared_error(y, p):
    return float(np.mean((y - p) ** 2))


cases = []


def case(name, file, loss, objective):
    (x, y), (x_test, y_test) = read(f"{file}.train"), read(f"{file}.test")

    def fit(**more):
        params = {"objective": objective, "max_depth": 6, "eta": 0.1, "tree_method": "hist", "max_bin": 255}
        model = xgboost.train(params | {"nthread": 1} | more, xgboost.DMatrix(x, y), 100)
        return loss(y_test, model.predict(xgboost.DMatrix(x_test)))

    all_features = fit()
    sampled = [fit(colsample_bytree=0.9, seed=seed) for seed in range(10)]
    cases.append({"name": name, "all_features": all_features, "sampled": sampled})


case("binary", "binary_classification/binary", log_loss, "binary:logistic")
case("regression", "regression/regression", squared_error, "reg:squarederror")

print(json.dumps({"cases": cases}, indent=1))
