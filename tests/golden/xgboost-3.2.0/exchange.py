"""Models that XGBoost 3.2.0 wrote, and what it predicts with them for rows chosen to go wrong.

    python exchange.py             # the stored ones, into exchange/ beside this script
    python exchange.py DIR/xgboost-3.2.0 SEED    # others, larger, for the same test: ADSML_EXCHANGE_DIR=DIR cargo test

Each case is a model NAME.json, NAME.ubj, and NAME.case: rows as bits of f64 in hexadecimal, 16 digits each, margins and
predictions as bits of f32, 8 digits each. The rows have every threshold, its neighbours in both precisions and the numbers
that are just rounded to either side of it, missing values, and categories that are unseen, negative and fractional.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

assert xgb.__version__ == "3.2.0", xgb.__version__
STORED = len(sys.argv) == 1
OUT = Path(__file__).parent / "exchange" if STORED else Path(sys.argv[1])
SEED = 1 if STORED else int(sys.argv[2])
ROUNDS, DEPTH, N, ROWS = (4, 2, 500, 60) if STORED else (40, 6, 3000, 1500)
NUMBERS, CATEGORIES = 3, 2  # the last columns are categories
TYPES = ["q"] * NUMBERS + ["c"] * CATEGORIES


def bits64(values):
    return "".join(f"{struct.unpack('<Q', struct.pack('<d', float(v)))[0]:016x}" for v in np.ravel(values))


def bits32(values):
    return "".join(f"{v:08x}" for v in np.ravel(values).astype(np.float32).view(np.uint32))


def table(rng, n=N):
    x = rng.normal(size=(n, NUMBERS + CATEGORIES))
    x[rng.random(x.shape) < 0.2] = 0.0
    x[:, NUMBERS] = rng.integers(0, 4, n)
    x[:, NUMBERS + 1] = rng.integers(0, 70, n)
    x[rng.random(x.shape) < 0.15] = np.nan
    return x


def signal(x, rng):
    z = np.nan_to_num(x, nan=0.7)
    return z[:, 0] + np.where(z[:, 1] > 0, z[:, 2], -0.5) + (z[:, 3] % 2) - 0.02 * z[:, 4] + 0.3 * rng.normal(size=len(x))


def trees_of(model):
    booster = model["learner"]["gradient_booster"]
    return booster.get("gbtree", booster)["model"]["trees"]


def adversarial(model, rng, n_features, categorical):
    pools = []
    for feature in range(n_features):
        odd = [np.nan, np.nan, 0.0, -0.0, 1e-40, -1e-40, 1e-46, -1e-46, 5e-324, 1e38, -1e38]
        if feature in categorical:
            odd += [-1.0, -0.5, -1e-50, 0.5, 2.7, 2.99999999999, 3.0, 4.0, 63.0, 64.0, 69.0, 70.0, 1e6, 16777215.0, 16777215.5, 16777216.0, 3e9]
            odd += list(range(4)) + list(rng.integers(0, 70, 10))
        else:
            for tree in trees_of(model):
                for f, c, left in zip(tree["split_indices"], tree["split_conditions"], tree["left_children"]):
                    if f == feature and left != -1:
                        t = np.float32(c)
                        for near in (t, np.nextafter(t, np.float32(np.inf)), np.nextafter(t, np.float32(-np.inf))):
                            middle = (float(near) + float(t)) / 2
                            odd += [float(near), middle, np.nextafter(middle, np.inf), np.nextafter(middle, -np.inf)]
        pools.append(np.array(odd, dtype=float))
    n = ROWS if STORED else max(ROWS, *(len(pool) for pool in pools))
    rows = np.stack([rng.permutation(np.resize(pool, max(n, len(pool))))[:n] for pool in pools], axis=1)
    plain = table(rng, n)[:, :n_features]
    mix = rng.random(rows.shape) < 0.4
    rows[mix] = plain[mix]
    return rows


def write(name, booster, rng, types=TYPES, rounds=(), **more):
    path = OUT / f"{name}.json"
    is_old = path.exists() and name[:3] in ("v1_", "v2_")
    if not is_old:
        booster.save_model(path)
    model = json.loads(path.read_text())
    n_features = booster.num_features()
    categorical = [f for f, kind in enumerate(types) if kind == "c"]
    rows = adversarial(model, rng, n_features, categorical)
    loaded = xgb.Booster(model_file=path)
    data = xgb.DMatrix(rows, feature_types=types, feature_names=loaded.feature_names, enable_categorical=True)
    margin = loaded.predict(data, output_margin=True)
    best = loaded.attr("best_iteration")
    case = {
        "best_round": int(best) + 1 if best else None,
        "n_features": n_features,
        "n_outputs": int(np.size(margin) // len(rows)),
        "rows": bits64(rows),
        "raw": bits32(margin),
        "predict": bits32(loaded.predict(data)),
        "rounds": [[n, bits32(loaded.predict(data, output_margin=True, iteration_range=(0, n)))] for n in rounds],
        **more,
    }
    (OUT / f"{name}.case").write_text(json.dumps(case, indent=0) + "\n")
    if not is_old:
        booster.save_model(OUT / f"{name}.ubj")


def old(rng):
    """Files that XGBoost 1.7.6 and 2.1.4 wrote, as this one reads them; their trees were trained on tables like these."""
    for path in sorted(OUT.glob("v[12]_*.json")):
        write(path.stem, xgb.Booster(model_file=path), rng)


def train(x, y, p, rounds=ROUNDS, types=TYPES, **more):
    data = xgb.DMatrix(x, y, feature_types=types, enable_categorical=True, **more)
    return xgb.train({"max_depth": DEPTH, "eta": 0.3, "nthread": 1, "seed": SEED, "max_cat_to_onehot": 5, **p}, data, rounds)


def main():
    OUT.mkdir(exist_ok=True, parents=True)
    rng = np.random.default_rng(SEED)
    x = table(rng)
    y = signal(x, rng)
    positive = np.exp(0.3 * y)
    clicks = (y > np.median(y)).astype(float)
    rate = 1 / (1 + np.exp(-y))
    classes = np.digitize(y, np.quantile(y, [0.3, 0.7])).astype(float)
    plain = ["q"] * (NUMBERS + CATEGORIES)

    for objective in ["squarederror", "squaredlogerror", "pseudohubererror", "absoluteerror"]:
        write(f"reg_{objective}", train(x, positive, {"objective": f"reg:{objective}"}), rng)
    for objective in ["count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"]:
        more = {"label_lower_bound": positive, "label_upper_bound": positive} if objective == "survival:aft" else {}
        write(objective.replace(":", "_"), train(x, positive, {"objective": objective}, **more), rng)
    write("reg_logistic", train(x, rate, {"objective": "reg:logistic"}), rng)
    for objective in ["binary:logistic", "binary:logitraw", "binary:hinge"]:
        rounds = (1, ROUNDS) if objective == "binary:logistic" else ()
        write(objective.replace(":", "_"), train(x, clicks, {"objective": objective}), rng, rounds=rounds)
    write("binary_base_score", train(x, clicks, {"objective": "binary:logistic", "base_score": 0.123}), rng)
    write("multi_softprob", train(x, classes, {"objective": "multi:softprob", "num_class": 3}), rng, rounds=(2,))
    write("multi_softmax", train(x, classes, {"objective": "multi:softmax", "num_class": 3}), rng)
    groups = np.full(N // 25, 25)
    for objective in ["rank:ndcg", "rank:pairwise", "rank:map"]:
        grades = clicks if objective == "rank:map" else classes
        write(objective.replace(":", "_"), train(x, grades, {"objective": objective}, group=groups), rng)
    quantiles = {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9], "base_score": [0.1, 0.2, 0.3]}
    write("reg_quantileerror", train(x, y, quantiles), rng)
    targets = np.stack([y, positive], axis=1)
    write("two_targets", train(x, targets, {"objective": "reg:squarederror"}), rng, rounds=(1,))

    forest = {"num_parallel_tree": 3, "subsample": 0.6, "colsample_bynode": 0.7}
    write("forest", train(x, y, {**forest, "objective": "reg:squarederror"}, rounds=2), rng, rounds=(1,))
    several = {**forest, "objective": "multi:softprob", "num_class": 3}
    write("forest_multi", train(x, classes, several, rounds=2), rng, rounds=(1,))
    dart = {"booster": "dart", "rate_drop": 0.5, "objective": "binary:logistic"}
    write("dart", train(x, clicks, dart), rng, rounds=(2,))
    write("dart_multi", train(x, classes, {**dart, "objective": "multi:softprob", "num_class": 3}), rng)
    write("no_categories", train(x, y, {"objective": "reg:squarederror"}, types=plain), rng, types=plain)
    write("exact", train(x, y, {"objective": "reg:squarederror", "tree_method": "exact"}, types=plain), rng, types=plain)
    pruned = {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 20.0, "max_depth": 4}
    write("pruned", train(x, y, pruned, types=plain), rng, types=plain)
    tiny = x.copy()
    tiny[:, :3] *= 1e-42
    write("subnormal", train(tiny, y, {"objective": "reg:squarederror", "tree_method": "exact"}, types=plain), rng, types=plain)
    write("one_hot", train(x, y, {"objective": "reg:squarederror", "max_cat_to_onehot": 100}), rng)
    write("lossguide", train(x, y, {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": 9, "max_depth": 0}), rng)
    write("constant", train(x, np.full(N, 3.25), {"objective": "reg:squarederror"}), rng)
    write("no_trees", train(x, y, {"objective": "reg:squarederror"}, rounds=0), rng)

    valid = xgb.DMatrix(table(rng), signal(table(rng), rng), feature_types=TYPES, enable_categorical=True)
    data = xgb.DMatrix(x, y, feature_types=TYPES, enable_categorical=True)
    p = {"max_depth": DEPTH, "eta": 1.5, "nthread": 1}
    stopped = xgb.train(p, data, 20, evals=[(valid, "valid")], early_stopping_rounds=3, verbose_eval=False)
    best = stopped.best_iteration + 1
    write("early_stopping", stopped, rng, rounds=(best,))
    pandas(x, y, rng)
    old(rng)


def pandas(x, y, rng):
    """Levels of a data frame: texts and numbers, in an order of their own. Of texts beyond ASCII, XGBoost saves parts."""
    import pandas as pd

    frame = pd.DataFrame(x[:, :3], columns=["spend", "hour of day", "größe"])
    frame["placement"] = pd.Categorical.from_codes(np.nan_to_num(x[:, 3], nan=-1).astype(int), ["w", "a", "q", "\"r\""])
    frame["campaign"] = pd.Categorical.from_codes(np.nan_to_num(x[:, 4], nan=-1).astype(int), list(range(100, 170)))
    booster = train(frame, y, {"objective": "reg:squarederror"}, types=None)
    numbers = [str(level) for level in range(100, 170)]
    write("pandas", booster, rng, names=list(frame.columns), levels=[[], [], [], ["w", "a", "q", "\"r\""], numbers])
    frame["placement"] = frame["placement"].cat.rename_categories({"a": "ä"})
    booster = train(frame, y, {"objective": "reg:squarederror"}, types=None)
    write("pandas_beyond_ascii", booster, rng, names=list(frame.columns), levels=[[], [], [], [], numbers])


main()
