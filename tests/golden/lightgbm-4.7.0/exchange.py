"""Models that LightGBM 4.7.0 wrote, and what it predicts with them for rows chosen to go wrong.

    python exchange.py             # the stored ones, into exchange/ beside this script
    python exchange.py DIR/lightgbm-4.7.0 SEED    # others, larger, for the same test: ADSML_EXCHANGE_DIR=DIR cargo test

Each case is a model NAME.txt and NAME.json: rows, raw scores and predictions as bits of f64 in hexadecimal, 16 digits each.
The rows have every threshold and its neighbours, missing values, zeros of both signs and the band around them, infinities,
and categories that are unseen, negative and fractional.
"""

import json
import re
import struct
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

assert lgb.__version__ == "4.7.0", lgb.__version__
STORED = len(sys.argv) == 1
OUT = Path(__file__).parent / "exchange" if STORED else Path(sys.argv[1])
SEED = 1 if STORED else int(sys.argv[2])
ROUNDS, LEAVES, N, ROWS = (5, 6, 500, 60) if STORED else (40, 31, 3000, 1500)
NUMBERS, CATEGORIES = 3, 2  # the last columns are categories
ZERO = float(np.float32(1e-35))
EXPLAINED = ["regression", "multiclass", "zero_as_missing", "one_hot", "dart", "no_missing", "constant"]


def bits(values):
    return "".join(f"{struct.unpack('<Q', struct.pack('<d', float(v)))[0]:016x}" for v in np.ravel(values))


def table(rng, n=N, holes=True, zeros=True):
    x = rng.normal(size=(n, NUMBERS + CATEGORIES))
    if zeros:
        x[rng.random((n, NUMBERS + CATEGORIES)) < 0.2] = 0.0
    x[:, NUMBERS] = rng.integers(0, 6, n)
    x[:, NUMBERS + 1] = rng.integers(0, 90, n)
    if holes:
        x[rng.random(x.shape) < 0.15] = np.nan
    return x


def signal(x, rng):
    z = np.nan_to_num(x, nan=0.7)
    return z[:, 0] + np.where(z[:, 1] > 0, z[:, 2], -0.5) + (z[:, 3] % 2) - 0.02 * z[:, 4] + 0.3 * rng.normal(size=len(x))


def adversarial(text, rng, n_features, categories):
    """Rows around the thresholds of the model, and everything odd."""
    features = [int(f) for line in re.findall(r"^split_feature=(.*)$", text, re.M) for f in line.split()]
    thresholds = [float(t) for line in re.findall(r"^threshold=(.*)$", text, re.M) for t in line.split()]
    pools = []
    for feature in range(n_features):
        odd = [np.nan, 0.0, -0.0, ZERO, -ZERO, np.nextafter(ZERO, 1), np.nextafter(-ZERO, -1), np.nextafter(ZERO, 0), 1e-36]
        odd += [-1e-40, 5e-324, np.inf, -np.inf, 1e300, -1e300, 1e308]
        if feature in categories:
            odd += [-1.0, -0.5, -0.99, 0.5, 2.7, 5.999999, 6.0, 31.0, 32.0, 33.0, 64.0, 89.0, 90.0, 95.0, 96.0, 1e6]
            odd += [2147483647.0, 2147483648.0, 4294967296.0, 4294967297.0, -2147483649.0]
            odd += list(range(6)) + list(rng.integers(0, 90, 10))
        else:
            own = [t for f, t in zip(features, thresholds) if f == feature]
            odd += [v for t in own for v in (t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf))]
        pools.append(np.array(odd, dtype=float))
    n = max(ROWS, *(len(pool) for pool in pools)) if not STORED else ROWS
    rows = np.stack([rng.permutation(np.resize(pool, max(n, len(pool))))[:n] for pool in pools], axis=1)
    plain = table(rng, n)[:, :n_features]
    mix = rng.random(rows.shape) < 0.4
    rows[mix] = plain[mix]
    return rows


def write(name, booster, rng, categories=(3, 4), rounds=(), **more):
    text = booster.model_to_string()
    n_features = booster.num_feature()
    rows = adversarial(text, rng, n_features, categories)
    loaded = lgb.Booster(model_str=text)
    case = {
        "n_features": n_features,
        "n_outputs": loaded.num_model_per_iteration(),
        "rows": bits(rows),
        "raw": bits(loaded.predict(rows, raw_score=True)),
        "predict": bits(loaded.predict(rows)),
        "rounds": [[n, bits(loaded.predict(rows, raw_score=True, num_iteration=n))] for n in rounds],
        "contributions": bits(loaded.predict(rows[:10], pred_contrib=True)) if name in EXPLAINED else "",
        **more,
    }
    if not name.startswith("v3_"):
        (OUT / f"{name}.txt").write_text(text)
    (OUT / f"{name}.json").write_text(json.dumps(case, indent=0) + "\n")


def old(rng):
    """Files that LightGBM 3.3.5 wrote (version v3), as this one reads them; their trees were trained on tables like these."""
    for path in sorted(OUT.glob("v3_*.txt")):
        write(path.stem, lgb.Booster(model_file=path), rng)


def params(**more):
    base = {"num_leaves": LEAVES, "learning_rate": 0.3, "min_data_in_leaf": 5, "min_data_per_group": 5, "cat_smooth": 1.0}
    return {**base, "verbose": -1, "num_threads": 1, "seed": SEED, "deterministic": True, **more}


def train(x, y, p, rounds=ROUNDS, categories=(3, 4), **more):
    data = lgb.Dataset(x, y, categorical_feature=list(categories), params=p, **more)
    return lgb.train(p, data, rounds)


def main():
    OUT.mkdir(exist_ok=True, parents=True)
    rng = np.random.default_rng(SEED)
    x = table(rng)
    y = signal(x, rng)
    positive = np.exp(0.3 * y)
    clicks = (y > np.median(y)).astype(float)
    rate = 1 / (1 + np.exp(-y))
    classes = np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(float)

    # Objectives.
    for objective in ["regression", "regression_l1", "huber", "fair", "quantile", "mape"]:
        write(objective, train(x, y, params(objective=objective)), rng)
    for objective in ["regression", "regression_l1", "quantile", "mape"]:
        write(f"{objective}_sqrt", train(x, y, params(objective=objective, reg_sqrt=True)), rng)
    for objective in ["poisson", "gamma", "tweedie"]:
        write(objective, train(x, positive, params(objective=objective)), rng)
    write("binary", train(x, clicks, params(objective="binary", sigmoid=0.7)), rng, rounds=(1, ROUNDS - 2, ROUNDS))
    write("binary_odd_sigmoid", train(x, clicks, params(objective="binary", sigmoid=1.23457, boost_from_average=False)), rng)
    write("cross_entropy", train(x, rate, params(objective="cross_entropy")), rng)
    write("cross_entropy_lambda", train(x, rate, params(objective="cross_entropy_lambda")), rng)
    write("multiclass", train(x, classes, params(objective="multiclass", num_class=3)), rng, rounds=(2,))
    write("multiclassova", train(x, classes, params(objective="multiclassova", num_class=3, sigmoid=1.5)), rng)
    groups = [25] * (N // 25)
    for objective in ["lambdarank", "rank_xendcg"]:
        write(objective, train(x, classes, params(objective=objective, label_gain=[0, 1, 3]), group=groups), rng)
    own = lambda preds, data: (preds - data.get_label(), np.ones_like(preds))
    write("custom", train(x, y, params(objective=own)), rng)

    # Missing values and zeros.
    write("no_missing", train(table(rng, holes=False), y, params(objective="regression")), rng)
    write("not_use_missing", train(x, y, params(objective="regression", use_missing=False)), rng)
    write("zero_as_missing", train(x, y, params(objective="regression", zero_as_missing=True)), rng, rounds=(1,))
    small = x.copy()
    small[:, :3] *= 2e-35
    write("thresholds_near_zero", train(small, y, params(objective="regression", min_data_in_bin=1)), rng)
    write("no_categories", train(x, y, params(objective="regression"), categories=()), rng, categories=())

    # Categories.
    write("one_hot", train(x, y, params(objective="regression", max_cat_to_onehot=100)), rng)
    few = x.copy()
    few[:, 4] = np.where(few[:, 4] > 60, 30 * few[:, 4], few[:, 4])
    write("large_categories", train(few, y, params(objective="regression")), rng)

    # Boosters.
    forest = params(boosting="rf", bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.7)
    write("forest", train(x, y, {**forest, "objective": "regression"}), rng, rounds=(1, 3))
    write("forest_binary", train(x, clicks, {**forest, "objective": "binary"}), rng)
    write("forest_multiclass", train(x, classes, {**forest, "objective": "multiclass", "num_class": 3}), rng)
    write("dart", train(x, clicks, params(objective="binary", boosting="dart", drop_rate=0.5)), rng, rounds=(2,))
    write("goss", train(x, clicks, params(objective="binary", data_sample_strategy="goss")), rng)
    write("monotone", train(x, y, params(objective="regression", monotone_constraints=[1, 0, -1, 0, 0])), rng)

    # A model continued on a table without holes, so that trees differ in what is missing.
    first = train(x, y, params(objective="regression"), rounds=2)
    p = params(objective="regression")
    data = lgb.Dataset(table(rng, holes=False), y, categorical_feature=[3, 4], params=p)
    write("continued", lgb.train(p, data, 3, init_model=first), rng)

    # Little to say: constant trees, no trees, early stopping.
    write("constant", train(x, np.full(N, 3.25), params(objective="regression")), rng)
    p = params(objective="regression")
    data = lgb.Dataset(x, y, categorical_feature=[3, 4], params=p)
    write("no_trees", lgb.Booster(p, data), rng)
    p = params(objective="regression", learning_rate=1.5)
    valid = lgb.Dataset(table(rng), signal(table(rng), rng), categorical_feature=[3, 4], params=p)
    data = lgb.Dataset(x, y, categorical_feature=[3, 4], params=p)
    quiet = [lgb.early_stopping(3, verbose=False)]
    write("early_stopping", lgb.train(p, data, 20, valid_sets=[valid], callbacks=quiet), rng)

    pandas(x, y, rng)
    old(rng)


def pandas(x, y, rng):
    """Levels of a data frame: texts and numbers, in an order of their own."""
    import pandas as pd

    frame = pd.DataFrame(x[:, :3], columns=["spend", "hour of day", "größe"])
    frame["placement"] = pd.Categorical.from_codes(np.nan_to_num(x[:, 3], nan=-1).astype(int), list("qwerty"))
    frame["campaign"] = pd.Categorical.from_codes(np.nan_to_num(x[:, 4], nan=-1).astype(int), list(range(100, 190)))
    p = params(objective="regression")
    booster = lgb.train(p, lgb.Dataset(frame, y, params=p), ROUNDS)
    names = [name.replace(" ", "_") for name in frame.columns]
    levels = [[], [], [], list("qwerty"), [str(level) for level in range(100, 190)]]
    write("pandas", booster, rng, names=names, levels=levels)


main()
