#!/usr/bin/env python3
"""Explains the same rows with adsml and with LightGBM's pred_contrib, interleaved, and prints medians and ratios.

    cargo build --release -p adsml-benches
    python benches/peers/compare_shap.py --data DIR [--threads 1,2] [--runs 7] [--rows 1000] [--table ctr_100k]

Run it with the Python that has lightgbm. Both sides explain the first test rows of the same model, 500 trees of 31 leaves
that LightGBM fits once to the training rows and keeps in DIR/models, and their contributions are compared. Each call is timed
in a process of its own, after one that is not counted. One JSON line per row as it is ready, and a table at the end.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def thread_env(threads):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**os.environ, **{name: str(threads) for name in names}, "PYTHONWARNINGS": "ignore"}


def measure(command, env):
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def model_file(a):
    """Trains LightGBM's model once and keeps it beside the data."""
    import lightgbm as lgb
    import numpy as np
    path = os.path.join(a.data, "models", f"{a.table}_shap_lightgbm.txt")
    if not os.path.exists(path):
        file = lambda suffix: np.load(os.path.join(a.data, f"{a.table}_{suffix}.npy"))
        train = file("train_idx")
        model = lgb.LGBMRegressor(n_estimators=500, learning_rate=0.1, max_bin=255, num_leaves=31, verbose=-1)
        model.fit(file("X")[train], file("ctr")[train])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        model.booster_.save_model(path)
    return path


def explain_with_lightgbm(a):
    import lightgbm as lgb
    import numpy as np
    model = lgb.Booster(model_file=model_file(a))
    file = lambda suffix: np.load(os.path.join(a.data, f"{a.table}_{suffix}.npy"))
    x = np.ascontiguousarray(file("X")[file("test_idx")[: a.rows]])
    threads = int(a.threads)
    model.predict(x[:20], pred_contrib=True, num_threads=threads)
    start = time.perf_counter()
    contributions = model.predict(x, pred_contrib=True, num_threads=threads)
    wall = time.perf_counter() - start
    if a.keep:
        np.save(a.keep, contributions)
    error = float(np.max(np.abs(contributions.sum(axis=1) - model.predict(x, raw_score=True))))
    print(json.dumps({"side": f"lightgbm {lgb.__version__}", "wall_s": wall, "max_error": error}))


def compare(a, threads):
    model = model_file(a)
    expected = model.replace(".txt", "_contributions.npy")
    measure([sys.executable, os.path.abspath(__file__), "--data", a.data, "--table", a.table, "--rows", str(a.rows),
             "--threads", "1", "--peer", "--keep", expected], thread_env(1))
    shared = ["--data", a.data, "--table", a.table, "--rows", str(a.rows), "--threads", str(threads)]
    sides = {
        "ours": [a.program, "shap", *shared, "--model", model, "--expected", expected, "--what", "contributions",
                 "--repeats", "2", "--json"],
        "peer": [sys.executable, os.path.abspath(__file__), *shared, "--peer"],
    }
    results = {name: [] for name in sides}
    for _ in range(a.runs):
        for name, command in sides.items():
            results[name].append(measure(command, thread_env(threads)))
    # Ours explains twice; the second call is counted as LightGBM's is.
    walls = {name: sorted(line.get("last_s", line["wall_s"]) for line in lines) for name, lines in results.items()}
    summary = {name: {"median_s": statistics.median(w), "min_s": w[0], "max_s": w[-1],
                      "max_error": max(line["max_error"] for line in results[name])} for name, w in walls.items()}
    return {"bench": "compare_shap", "data": a.table, "rows": a.rows, "trees": 500, "threads": threads, "runs": a.runs,
            "ratio": summary["ours"]["median_s"] / summary["peer"]["median_s"], "peer_is": results["peer"][0]["side"],
            "max_difference": max(line["max_difference"] for line in results["ours"]), **summary}


def markdown(rows):
    seconds = lambda side: f"{side['median_s']:.3f} s ({side['min_s']:.3f} to {side['max_s']:.3f})"
    lines = [["threads", "adsml", rows[0]["peer_is"], "ratio", "largest difference"], ["---"] * 5]
    for row in rows:
        difference = f"{row['max_difference']:.1e}"
        lines.append([str(row["threads"]), seconds(row["ours"]), seconds(row["peer"]), f"{row['ratio']:.3f}", difference])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--table", default="ctr_100k")
    ap.add_argument("--rows", type=int, default=1000)
    ap.add_argument("--threads", default="1,2")
    ap.add_argument("--runs", type=int, default=7)
    ap.add_argument("--keep", help=argparse.SUPPRESS)
    ap.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    if a.peer:
        return explain_with_lightgbm(a)
    rows = []
    for threads in a.threads.split(","):
        rows.append(compare(a, int(threads)))
        print(json.dumps(rows[-1]), flush=True)
    print("\n" + markdown(rows))


if __name__ == "__main__":
    main()
