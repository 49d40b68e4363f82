"""Weighted metrics as scikit-learn 1.9.1 computes them; writes metrics.json beside itself.

    python metrics.py

scikit-learn takes labels only, so a rate y of weight w is given to it as two rows: a positive of weight w*y and a
negative of weight w*(1-y). MAPE is taken over rows whose target is not zero: see the zero rule of adsml-eval.
"""

import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics as m

assert sklearn.__version__ == "1.9.1", sklearn.__version__
rng = np.random.default_rng(20260101)


def rounded(values, digits):
    return [float(round(float(v), digits)) for v in values]


def case(name, y, p, w, functions):
    y, p = np.array(y), np.array(p)
    weight = None if w is None else np.array(w)
    values = {key: float(f(y, p, weight)) for key, f in functions.items()}
    return {"name": name, "y": y.tolist(), "p": p.tolist(), "w": None if w is None else weight.tolist(), "expected": values}


def with_mask(f, keep):
    def masked(y, p, w):
        k = keep(y)
        return f(y[k], p[k], sample_weight=None if w is None else w[k])

    return masked


def plain(f):
    return lambda y, p, w: f(y, p, sample_weight=w)


def of_trials(f, scores=False):
    def expanded(y, p, w):
        w = np.ones_like(y) if w is None else w
        labels = np.concatenate([np.ones(len(y)), np.zeros(len(y))]).astype(int)
        weights = np.concatenate([w * y, w * (1 - y)])
        keep = weights > 0
        return f(labels[keep], np.concatenate([p, p])[keep], sample_weight=weights[keep])

    return expanded


amounts = {
    "mse": plain(m.mean_squared_error),
    "rmse": plain(m.root_mean_squared_error),
    "mae": plain(m.mean_absolute_error),
    "r2": plain(m.r2_score),
    "mape": with_mask(m.mean_absolute_percentage_error, lambda y: y != 0),
}
rates = {
    "log_loss": of_trials(m.log_loss),
    "brier": of_trials(m.brier_score_loss),
    "auc": of_trials(m.roc_auc_score),
    "pr_auc": of_trials(m.average_precision_score),
}

n = 60
y = rounded(rng.gamma(2.0, 30.0, n) * (rng.random(n) > 0.1), 2)
p = rounded(np.array(y) * np.exp(0.3 * rng.standard_normal(n)) + 1.0, 3)
w = rounded(rng.gamma(1.0, 5.0, n), 3)
w[3] = 0.0
counts = rounded(rng.poisson(2.0, n), 0)
means = rounded(np.exp(0.5 * rng.standard_normal(n)) * 2.0, 4)
labels = rounded(rng.random(n) < 0.35, 0)
scores = rounded(1 / (1 + np.exp(-(2 * np.array(labels) - 1 + 1.2 * rng.standard_normal(n)))), 2)  # two digits: ties
impressions = rounded(np.ceil(rng.lognormal(8, 1.5, n)), 0)
clicks = rng.binomial(np.array(impressions).astype(int), 0.01 * np.exp(0.6 * rng.standard_normal(n)))
ctr = (clicks / np.array(impressions)).tolist()
predicted = rounded(0.01 * np.exp(0.5 * rng.standard_normal(n)), 4)
certain_y, certain_p = [1.0, 0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0, 0.5]

poisson = {"poisson_deviance": plain(m.mean_poisson_deviance)}
cases = [
    case("amounts", y, p, None, amounts),
    case("amounts_weighted", y, p, w, amounts),
    case("counts", counts, means, None, poisson),
    case("counts_weighted", counts, means, w, poisson),
    case("labels", labels, scores, None, rates),
    case("labels_weighted", labels, scores, w, rates),
    case("rates_weighted", ctr, predicted, impressions, rates),
    case("wrong_certainties", certain_y, certain_p, None, rates),
]
out = pathlib.Path(__file__).with_name("metrics.json")
text = json.dumps({"library": "scikit-learn", "version": sklearn.__version__, "script": "metrics.py", "cases": cases})
out.write_text(text.replace('{"name"', '\n{"name"') + "\n")
