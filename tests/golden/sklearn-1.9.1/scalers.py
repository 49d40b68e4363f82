"""Writes scalers.json: StandardScaler, RobustScaler and MinMaxScaler of scikit-learn 1.9.1.

    python scalers.py

Missing values are null.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

assert sklearn.__version__ == "1.9.1"


def numbers(values):
    return [None if np.isnan(v) else float(v) for v in values]


rng = np.random.default_rng(20261122)
spend = np.exp(rng.normal(5.0, 2.0, 97))
gaps = rng.normal(0.0, 1.0, 60)
gaps[rng.random(60) < 0.3] = np.nan
columns = {
    "spend": spend,
    "with_gaps": gaps,
    "constant": np.full(11, 0.1),
    "constant_and_gaps": np.array([7.0, np.nan, 7.0]),
    # Not further: beyond, the rounding of the mean alone is more than 1e-12 standard deviations.
    "far_from_zero": 50.0 + rng.random(50),
    "two_values": np.array([0.0, 1.0, 1.0, 0.0, 1.0]),
    "one_value": np.array([3.25]),
    "ties": np.floor(rng.random(40) * 4),
}
scalers = {"standard": StandardScaler(), "robust": RobustScaler(), "min_max": MinMaxScaler()}
cases = []
for name, values in columns.items():
    for kind, scaler in scalers.items():
        out = scaler.fit_transform(values.reshape(-1, 1)).ravel()
        cases.append({"column": name, "scaler": kind, "values": numbers(values), "transformed": numbers(out)})
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"sklearn": sklearn.__version__, "cases": cases}) + "\n")
