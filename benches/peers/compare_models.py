#!/usr/bin/env python3
"""Fits the same tables with adsml and with the peers, interleaved, and prints medians and ratios.

    cargo build --release -p adsml-benches
    python benches/peers/compare_models.py --data DIR --threads 1 [--runs 7] [--seeds 3]
        [--table ctr_100k] [--setting matched,default] [--task reg,clf] [--model leafwise,depthwise,...]

Run it with the Python that has the peers (see fit_model.py). Every measurement is a process of its own, ours and
theirs in turn; the seed goes round with the runs, and scores are means over the seeds. One JSON line per row as it
is ready, and a Markdown table at the end.

    excess   mean squared error, or log loss, above the best that anybody can reach on the test rows
    peak     memory beyond the start of the fit, MiB
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODELS = ["leafwise", "depthwise", "symmetric", "forest", "sklearn_gb"]
DEFAULT_ONLY = ["forest", "sklearn_gb"]
LOSS = {"reg": "rmse", "clf": "log_loss"}


def thread_env(threads):
    """What the peers' thread pools read; both sides get it."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS",
             "LOKY_MAX_CPU_COUNT")
    return {**os.environ, **{name: str(threads) for name in names}, "PYTHONWARNINGS": "ignore"}


def measure(command, env):
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def summary(lines):
    """Times and memory over all runs, scores over the seeds, each counted once."""
    times = sorted(line["wall_s"] for line in lines)
    seeds = {line["seed"]: line for line in lines}.values()
    mean = lambda key: {name: statistics.fmean(line[key][name] for line in seeds) for name in lines[0][key]}
    return {
        "side": lines[0]["side"], "wall_s": statistics.median(times), "min_s": times[0], "max_s": times[-1],
        "quality": mean("quality"), "excess": mean("excess"),
        "leaves_per_tree": statistics.fmean(line["leaves_per_tree"] for line in seeds),
        "peak_minus_before_mb": statistics.median(line["peak_minus_before_mb"] for line in lines),
    }


def compare(a, table, setting, task, model):
    row = ["--data", a.data, "--table", table, "--setting", setting, "--task", task, "--model", model]
    row += ["--threads", str(a.threads), "--seed"]
    sides = {
        "ours": lambda seed: [a.program, "models", *row, seed, "--repeats", "1", "--json"],
        "peer": lambda seed: [sys.executable, os.path.join(HERE, "fit_model.py"), *row, seed],
    }
    results = {name: [] for name in sides}
    env = thread_env(a.threads)
    for run in range(max(a.runs, a.seeds)):
        for name, command in sides.items():
            results[name].append(measure(command(str(run % a.seeds)), env))
    ours, peer = summary(results["ours"]), summary(results["peer"])
    loss = next(iter(ours["excess"]))
    return {
        "bench": "compare_models", "data": table, "setting": setting, "task": task, "model": model,
        "threads": a.threads, "runs": len(results["ours"]), "seeds": a.seeds,
        "wall_ratio": ours["wall_s"] / peer["wall_s"], "excess_ratio": ours["excess"][loss] / peer["excess"][loss],
        "ours": ours, "peer": peer,
    }


def markdown(rows):
    def seconds(side):
        return f"{side['wall_s']:.3f} ({side['min_s']:.3f} to {side['max_s']:.3f})"

    def cells(row):
        ours, peer, loss = row["ours"], row["peer"], LOSS[row["task"]]
        pair = lambda key, digits: f"{ours[key]:.{digits}f}, {peer[key]:.{digits}f}"
        return [
            f"{row['data']} {row['setting']} {row['task']}", row["model"], peer["side"], seconds(ours), seconds(peer),
            f"{row['wall_ratio']:.3f}", f"{loss} {ours['quality'][loss]:.5f}, {peer['quality'][loss]:.5f}",
            f"{row['excess_ratio']:.3f}", pair("leaves_per_tree", 1), pair("peak_minus_before_mb", 0),
        ]

    head = ["row", "model", "peer", "adsml, s", "peer, s", "time ratio", "score: adsml, peer", "excess ratio",
            "leaves per tree: adsml, peer", "peak, MiB: adsml, peer"]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *map(cells, rows)])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    ap.add_argument("--data", required=True)
    ap.add_argument("--table", type=names, default=["ctr_100k"])
    ap.add_argument("--setting", type=names, default=["matched", "default"])
    ap.add_argument("--task", type=names, default=["reg", "clf"])
    ap.add_argument("--model", type=names, default=MODELS)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--runs", type=int, default=7)
    ap.add_argument("--seeds", type=int, default=1)
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    rows = []
    for table in a.table:
        for setting in a.setting:
            for task in a.task:
                for model in a.model:
                    if setting == "matched" and model in DEFAULT_ONLY:
                        continue
                    rows.append(compare(a, table, setting, task, model))
                    print(json.dumps(rows[-1]), flush=True)
    print("\n" + markdown(rows))


if __name__ == "__main__":
    main()
