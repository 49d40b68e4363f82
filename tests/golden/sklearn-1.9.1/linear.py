"""Linear models of scikit-learn 1.9.1, for adsml-models: python linear.py > linear.json

Rows are drawn once and stored; fits run to tol 1e-12 on standardised columns, so that
coefficients are good to about 1e-9. A rate (clicks out of impressions) is given to
scikit-learn as two weighted rows, one clicked and one not.
"""

import json

import numpy as np
import sklearn
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)

assert sklearn.__version__ == "1.9.1", sklearn.__version__

rng = np.random.default_rng(20261122)
N, P = 300, 6
raw = rng.normal(size=(N, P))
raw[:, 1] = 0.8 * raw[:, 0] + 0.6 * raw[:, 1]  # correlated
raw[:, 2] = np.exp(raw[:, 2])  # skewed
raw[:, 3] = raw[:, 3] > 1.0  # a rare flag
x = (raw - raw.mean(axis=0)) / raw.std(axis=0)
duplicated = np.column_stack([x, x[:, 0]])
truth = np.array([0.9, -0.4, 0.3, 0.5, 0.0, 0.05])

y = 3.0 + x @ truth * 2.0 + rng.normal(size=N)
weight = rng.integers(1, 50, size=N).astype(float)
clicked = (rng.uniform(size=N) < 1 / (1 + np.exp(0.7 - x @ truth))).astype(float)
impressions = rng.integers(1_000, 2_000_000, size=N).astype(float)
clicks = rng.binomial(impressions.astype(int), 1 / (1 + np.exp(8.5 - 0.3 * (x @ truth)))).astype(float)
counts = rng.poisson(np.exp(0.5 + 0.4 * (x @ truth))).astype(float)

cases = []


def case(model, target, params, fitted, weighted, features="x"):
    cases.append(
        {
            "model": model,
            "features": features,
            "target": target,
            "weight": weighted,
            "params": params,
            "coefficients": np.ravel(fitted.coef_).tolist(),
            "intercept": float(np.ravel(fitted.intercept_)[0]) if np.size(fitted.intercept_) else 0.0,
        }
    )


for weighted in (None, "weight"):
    w = weight if weighted else None
    for fit_intercept in (True, False):
        p = {"fit_intercept": fit_intercept}
        case("linear_regression", "y", p, LinearRegression(**p).fit(x, y, w), weighted)
        for alpha in (0.5, 100.0):
            p = {"alpha": alpha, "fit_intercept": fit_intercept}
            case("ridge", "y", p, Ridge(**p, solver="svd", tol=1e-12).fit(x, y, w), weighted)
        for alpha, l1_ratio in ((0.1, 0.5), (0.5, 0.9)):
            p = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
            fitted = ElasticNet(**p, tol=1e-14, max_iter=1_000_000).fit(x, y, w)
            case("elastic_net", "y", p, fitted, weighted)
        p = {"alpha": 0.2, "fit_intercept": fit_intercept}
        fitted = Lasso(**p, tol=1e-14, max_iter=1_000_000).fit(x, y, w)
        case("elastic_net", "y", p | {"l1_ratio": 1.0}, fitted, weighted)
        for alpha in (0.0, 1.0):
            p = {"alpha": alpha, "fit_intercept": fit_intercept}
            fitted = PoissonRegressor(**p, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, counts, w)
            case("poisson_regression", "counts", p, fitted, weighted)
        for alpha, l1_ratio in ((0.0, 0.0), (1.0, 0.0), (30.0, 0.0), (5.0, 1.0), (8.0, 0.4)):
            p = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
            fitted = LogisticRegression(
                C=1.0 / alpha if alpha else np.inf,
                l1_ratio=l1_ratio,
                fit_intercept=fit_intercept,
                solver="saga" if l1_ratio else "newton-cholesky",
                tol=1e-13,
                max_iter=100_000,
                random_state=0,
            )
            if l1_ratio and weighted:
                # saga does not converge with these weights; repeated rows are the same objective.
                times = weight.astype(int)
                fitted.fit(np.repeat(x, times, axis=0), np.repeat(clicked, times))
            else:
                fitted.fit(x, clicked, w)
            case("logistic_regression", "clicked", p, fitted, weighted)

case("linear_regression", "y", {}, LinearRegression().fit(duplicated, y), None, "duplicated")

# Rates: every row once clicked and once not.
twice = np.vstack([x, x])
outcome = np.repeat([1.0, 0.0], N)
trials = np.concatenate([clicks, impressions - clicks])
for alpha in (0.0, 1.0, 1e4):
    fitted = LogisticRegression(
        C=1.0 / alpha if alpha else np.inf, solver="newton-cholesky", tol=1e-12, max_iter=1000
    ).fit(twice, outcome, trials)
    case("logistic_regression", "ctr", {"alpha": alpha}, fitted, "impressions")

print(
    json.dumps(
        {
            "x": x.ravel().tolist(),
            "n_features": P,
            "y": y.tolist(),
            "clicked": clicked.tolist(),
            "counts": counts.tolist(),
            "clicks": clicks.tolist(),
            "impressions": impressions.tolist(),
            "weight": weight.tolist(),
            "cases": cases,
        }
    )
)
