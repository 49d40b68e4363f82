"""Writes target_encoder.json: TargetEncoder of scikit-learn 1.9.1, cross-fitted on given folds.

    python target_encoder.py

A missing category is null. `cross_fitted` is fit_transform on the folds; `encodings` are those of the
sorted categories learnt from all rows (the missing one last); `unseen` is what an unseen category gets.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.model_selection import PredefinedSplit
from sklearn.preprocessing import TargetEncoder

assert sklearn.__version__ == "1.9.1"

rng = np.random.default_rng(20261123)
cases = []
for target in ["binary", "continuous", "rate"]:
    for smooth in ["auto", 0.0, 2.5, 100.0]:
        n = 240
        level = np.floor(30 * rng.random(n) ** 2).astype(int)
        category = np.array([f"ad {v:02d}" for v in level], dtype=object)
        category[rng.random(n) < 0.08] = None
        effect = rng.normal(0.0, 1.0, 30)[level]
        if target == "binary":
            y = (rng.random(n) < 1.0 / (1.0 + np.exp(1.0 - effect))).astype(float)
        elif target == "continuous":
            y = effect + rng.normal(0.0, 2.0, n) + 50.0
        else:
            y = rng.beta(2.0, 50.0, n)
        fold = rng.integers(0, 4, n)
        encoder = TargetEncoder(
            smooth=smooth,
            cv=PredefinedSplit(fold),
            target_type="binary" if target == "binary" else "continuous",
        )
        x = category.reshape(-1, 1)
        cross_fitted = encoder.fit_transform(x, y).ravel()
        cases.append({
            "target": target,
            "smooth": smooth,
            "category": category.tolist(),
            "y": y.tolist(),
            "fold": fold.tolist(),
            "cross_fitted": cross_fitted.tolist(),
            "transformed": encoder.transform(x).ravel().tolist(),
            "encodings": encoder.encodings_[0].tolist(),
            "unseen": float(encoder.transform(np.array([["never"]], dtype=object))[0, 0]),
        })
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"sklearn": sklearn.__version__, "cases": cases}) + "\n")
