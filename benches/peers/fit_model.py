#!/usr/bin/env python3
"""The peers' side of `side_by_side -- models`: fit one model to a CTR table and score it on the test rows.

    python fit_model.py --data DIR --table ctr_100k --setting matched --task reg --model leafwise --threads 1 --seed 0

Prints one JSON line with the fields of the Rust side. The clock runs from the float64 matrix in C order to the
fitted model; imports, loading and an uncounted fit of 500 rows (lazy imports, thread pools) are before it. The
thread variables (OMP_NUM_THREADS, ...) are the caller's to set. Needs numpy, scikit-learn and the model's library.

    leafwise LightGBM   depthwise XGBoost (hist)   symmetric CatBoost   forest, sklearn_gb scikit-learn
"""
import argparse
import importlib
import json
import os
import time

import numpy as np

LIBRARIES = {"leafwise": "lightgbm", "depthwise": "xgboost", "symmetric": "catboost", "forest": "sklearn",
             "sklearn_gb": "sklearn"}


def status_mb(field):
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(field):
                return int(line.split()[1]) / 1024.0
    return float("nan")


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
    except OSError:
        pass


def load(folder, table, task):
    file = lambda suffix: os.path.join(folder, f"{table}_{suffix}")
    x = np.load(file("X.npy"))
    y = np.load(file("ctr.npy" if task == "reg" else "clicked.npy"))
    train, test = np.load(file("train_idx.npy")), np.load(file("test_idx.npy"))
    with open(file("floor.json")) as f:
        floor = json.load(f)
    return x[train], y[train], x[test], y[test], floor


def build(model, setting, task, threads, seed):
    """An unfitted model, and how to count the leaves of a fitted one: a list, one number per tree."""
    reg, matched = task == "reg", setting == "matched"
    trees = 500 if matched else 100
    if model == "leafwise":
        import lightgbm as lgb
        kw = dict(n_estimators=trees, n_jobs=threads, random_state=seed, verbose=-1)
        if matched:
            kw.update(learning_rate=0.1, max_bin=255, num_leaves=31)
        leaves = lambda m: [tree["num_leaves"] for tree in m.booster_.dump_model()["tree_info"]]
        return (lgb.LGBMRegressor if reg else lgb.LGBMClassifier)(**kw), leaves
    if model == "depthwise":
        import xgboost as xgb
        kw = dict(n_estimators=trees, n_jobs=threads, random_state=seed, tree_method="hist", verbosity=0)
        if matched:
            kw.update(learning_rate=0.1, max_bin=255, max_depth=6)
        leaves = lambda m: [tree.count("leaf=") for tree in m.get_booster().get_dump()]
        return (xgb.XGBRegressor if reg else xgb.XGBClassifier)(**kw), leaves
    if model == "symmetric":
        import catboost as cb
        kw = dict(iterations=trees, thread_count=threads, random_seed=seed, verbose=0, allow_writing_files=False)
        if matched:
            kw.update(learning_rate=0.1, border_count=254, depth=6)
        leaves = lambda m: list(m.get_tree_leaf_counts())
        return (cb.CatBoostRegressor if reg else cb.CatBoostClassifier)(**kw), leaves
    from sklearn import ensemble
    if model == "forest":
        kind = ensemble.RandomForestRegressor if reg else ensemble.RandomForestClassifier
        leaves = lambda m: [tree.get_n_leaves() for tree in m.estimators_]
        return kind(100, n_jobs=threads, random_state=seed), leaves
    kind = ensemble.GradientBoostingRegressor if reg else ensemble.GradientBoostingClassifier
    leaves = lambda m: [tree.get_n_leaves() for tree in m.estimators_.ravel()]
    return kind(n_estimators=100, random_state=seed), leaves


def judge(task, y, p, floor):
    from sklearn import metrics
    if task == "reg":
        mse = float(np.mean((p - y) ** 2))
        return {"rmse": mse**0.5, "r2": float(metrics.r2_score(y, p))}, {"mse": mse - floor["best_rmse"] ** 2}
    log_loss = float(metrics.log_loss(y, p))  # Clips at the machine epsilon, as ours does.
    quality = {"log_loss": log_loss, "auc": float(metrics.roc_auc_score(y, p))}
    return quality, {"log_loss": log_loss - floor["best_logloss"]}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", required=True)
    ap.add_argument("--table", default="ctr_100k")
    ap.add_argument("--setting", choices=["matched", "default"], default="default")
    ap.add_argument("--task", choices=["reg", "clf"], default="reg")
    ap.add_argument("--model", choices=list(LIBRARIES), required=True)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--seed", type=int, default=0)
    a = ap.parse_args()
    x, y, x_test, y_test, floor = load(a.data, a.table, a.task)
    build(a.model, "default", a.task, a.threads, a.seed)[0].fit(x[:500], y[:500])
    model, leaves = build(a.model, a.setting, a.task, a.threads, a.seed)
    before = status_mb("VmRSS:")
    reset_peak()
    start = time.perf_counter()
    model.fit(x, y)
    wall = time.perf_counter() - start
    peak = status_mb("VmHWM:")
    p = model.predict(x_test) if a.task == "reg" else model.predict_proba(x_test)[:, 1]
    quality, excess = judge(a.task, y_test, np.asarray(p, dtype=np.float64), floor)
    library = LIBRARIES[a.model]
    print(json.dumps({
        "bench": "models", "side": f"{library} {importlib.import_module(library).__version__}", "data": a.table,
        "setting": a.setting, "task": a.task, "model": a.model, "threads": a.threads, "wall_s": wall, "min_s": wall,
        "max_s": wall, "repeats": 1, "seed": a.seed, "quality": quality, "excess": excess,
        "leaves_per_tree": float(np.mean(leaves(model))), "peak_minus_before_mb": peak - before,
    }))


if __name__ == "__main__":
    main()
