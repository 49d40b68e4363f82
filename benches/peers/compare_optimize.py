#!/usr/bin/env python3
"""Divides the same budgets with adsml and with the peers, interleaved, and prints values, times and checks.

    cargo build --release -p adsml-benches
    target/release/side_by_side hard-instances DIR
    python benches/peers/compare_optimize.py --data DIR,PEERS_DATA [--filter sshaped,hard_10] [--runs 3] [--slow]
    python benches/peers/compare_optimize.py --data DIR --duels [--seeds 20]

Run it with the Python that has the peers (divide_budget.py lists them and says how each is asked). Without --duels:
our exact optimiser against every peer. In turn, --runs times: a process of ours (whose time is a median over its own
repeats), and every peer in a forked process of its own, with the round as its seed. Two checks per instance:

    value   ours, to the cent, >= every peer's best, projected on the feasible set and not rounded (1e-9 relative)
    time    ours <= max(1 ms, 0.05 x the fastest peer that comes within 1 % of our value), where one does

With --duels: our differential evolution and particle swarm against SciPy's and pyswarm's. Per seed a peer runs, and ours
gets as many evaluations as it took. Checks: median value at least equal, <= 0.1 x the median time, every sum exact.

Our plans are judged here, by the same lines of Python as the peers' answers. One JSON line per row as it is ready, and
a Markdown table at the end. (The Bayesian optimiser has a script of its own, compare_bayes.py.)
"""
import argparse
import functools
import glob
import importlib
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import warnings

# What the peers' thread pools read, before they are imported.
for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[pool] = "1"

import numpy as np

import divide_budget

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# With these the time of a row is half a minute or more: they run with --slow.
SLOW = re.compile(r"(skopt_gp|optuna_gp|nevergrad_ngopt) .*|(de_linear|optuna_tpe) 50|(nlopt_\w+|de_softmax|trust_constr|cma) 200"
                  r"|slsqp 1000|nlopt_slsqp 1000")
# A peer that took this long runs in the first round only.
LONG_S = 4.0


def methods(inst, slow):
    """The methods that make sense for an instance: by its size, and by whether it has slopes."""
    k = inst.k
    if inst.variant == "steps":
        names = ["de_softmax", "pyswarm_pso", "cma", "optuna_tpe"]
    else:
        names = ["slsqp", "slsqp_fd", "trust_constr", "nlopt_robyn", "nlopt_slsqp", "de_linear", "de_softmax", "pyswarm_pso",
                 "cma", "optuna_tpe"]
        if inst.variant == "concave":
            names.insert(0, "dual_bisection")
    if k <= 10:
        names += ["skopt_gp", "optuna_gp", "nevergrad_ngopt"]
    if k > 50:
        names = [name for name in names if name not in ("de_linear", "slsqp_fd", "optuna_tpe")]
    if k > 200:
        names = [name for name in names if name not in ("de_softmax", "trust_constr", "cma", "nlopt_robyn")]
    if k > 1000:
        names = [name for name in names if name == "dual_bisection"]
    return [name for name in names if slow or not SLOW.fullmatch(f"{name} {k}")]


@functools.cache
def warm_up(method):
    """Imports, and first calls where they are quick, so that no measured run pays for them."""
    importlib.import_module(divide_budget.LIBRARY[method])
    if method == "optuna_gp":
        importlib.import_module("torch")
    if re.match("dual|slsqp|trust|nlopt", method):
        curve = {"type": "hill", "a": 1.0, "k": 1.0, "s": 1.0}
        tiny = {"name": "tiny", "k": 3, "variant": "concave", "total_budget": 3.0, "curves": [curve] * 3, "lower": [0.1] * 3,
                "upper": [2.0] * 3}
        divide_budget.solve(method, divide_budget.Instance(tiny), 0)


def in_a_fork(solve, method, inst, seed, limit):
    """A measured run in a process of its own; None when it takes longer than `limit` seconds or fails."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work():
        warnings.simplefilter("ignore")
        try:
            sender.send(divide_budget.measure(solve, method, inst, seed))
        except Exception as error:
            sender.send({"optimizer": method, "error": f"{type(error).__name__}: {error}"[:200]})

    child = context.Process(target=work)
    child.start()
    sender.close()
    try:
        line = receiver.recv() if receiver.poll(limit) else {"optimizer": method, "error": f"over {limit:.0f} s, stopped"}
    except EOFError:
        line = {"optimizer": method, "error": "died"}
    child.kill()
    child.join()
    return line


def ours(a, path, inst, optimizer, extra=()):
    """A line of ours, its plan judged here."""
    command = [a.program, "optimize", "--data", os.path.dirname(path), "--name", inst.name, "--optimizers", optimizer, "--plans",
               "--json", "--threads", str(a.threads), *extra]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    line = json.loads(done.stdout.splitlines()[-1])
    cents = np.array(line.pop("budgets"))
    line.pop("history")
    spends = cents / 100.0
    value = float(inst.values(spends).sum())
    assert abs(value - line["value"]) <= 1e-11 * abs(value), f"{inst.name}: {line['value']} is worth {value}"
    assert (spends >= inst.lo).all() and (spends <= inst.hi).all(), f"{inst.name}: a budget out of its bounds"
    line["sum_violation"] = abs(int(cents.sum()) - round(inst.total * 100)) / 100
    return line


def compare(a, path, inst):
    names = methods(inst, a.slow)
    if a.method:
        names = [name for name in names if name in a.method]
    mine, theirs = [], {name: [] for name in names}
    for name in names:
        warm_up(name)
    for run in range(a.runs):
        mine.append(ours(a, path, inst, "exact", ["--time-limit", str(a.time_limit)]))
        for name, lines in theirs.items():
            stop = lines and ("error" in lines[-1] or lines[-1]["wall_s"] > LONG_S)
            if not stop:
                lines.append(in_a_fork(a.solve, name, inst, run, a.peer_limit))
    peers, failed = {}, {}
    for name, lines in theirs.items():
        good = [line for line in lines if "error" not in line]
        if good:
            peers[name] = {
                "wall_s": statistics.median(line["wall_s"] for line in good),
                "value": statistics.median(line["value"] for line in good),
                "best_value": max(line["value"] for line in good),
                "raw_value": statistics.median(line["raw_value"] for line in good),
                "sum_violation": max(line["sum_violation"] for line in good), "runs": len(good),
            }
        else:
            failed[name] = lines[-1]["error"]
    value, wall = min(line["value"] for line in mine), statistics.median(line["wall_s"] for line in mine)
    near = {name: peer["wall_s"] for name, peer in peers.items() if peer["value"] >= value - 0.01 * abs(value)}
    fastest = min(near, key=near.get) if near else None
    best = max(peers, key=lambda name: peers[name]["best_value"]) if peers else None
    return {
        "bench": "compare_optimize", "data": inst.name, "campaigns": inst.k, "threads": a.threads, "runs": a.runs,
        "ours": {**mine[0], "value": value, "wall_s": wall}, "peers": peers, "failed": failed,
        "best_peer": best, "fastest_near_peer": fastest,
        "value_ok": best is None or value >= peers[best]["best_value"] - 1e-9 * abs(peers[best]["best_value"]),
        "time_ok": fastest is None or wall <= max(1e-3, 0.05 * near[fastest]),
    }


def duel(a, path, inst, optimizer, method):
    """Ours against a peer, seed by seed, at the peer's number of evaluations."""
    warm_up(method)
    mine, theirs = [], []
    for seed in range(a.seeds):
        line = in_a_fork(a.solve, method, inst, seed, a.peer_limit)
        if "error" in line:
            return {"bench": "duel", "data": inst.name, "optimizer": optimizer, "peer": method, "error": line["error"]}
        theirs.append(line)
        extra = ["--first-seed", str(seed), "--max-evaluations", str(max(1, line["evaluations"]))]
        mine.append(ours(a, path, inst, optimizer, extra))
    median = lambda lines, key: statistics.median(line[key] for line in lines)
    value, peer_value = median(mine, "value"), median(theirs, "value")
    ratio = median(mine, "wall_s") / median(theirs, "wall_s")
    violation = max(line["sum_violation"] for line in mine)
    best = ours(a, path, inst, "exact")["upper_bound"]
    return {
        "bench": "duel", "data": inst.name, "optimizer": optimizer, "peer": method, "seeds": a.seeds,
        "evaluations": median(mine, "evaluations"), "peer_evaluations": median(theirs, "evaluations"),
        "value": value, "peer_value": peer_value, "missing": 1 - value / best, "peer_missing": 1 - peer_value / best,
        "wall_s": median(mine, "wall_s"), "peer_wall_s": median(theirs, "wall_s"), "wall_ratio": ratio,
        "sum_violation": violation, "peer_sum_violation": max(line["sum_violation"] for line in theirs),
        "value_ok": value >= peer_value, "time_ok": ratio <= 0.1, "sum_ok": violation == 0.0,
    }


def table(rows):
    if not rows:
        return ""
    head, verdict = list(rows[0]), {True: "yes", False: "**no**"}
    body = [[verdict[cell] if isinstance(cell, bool) else cell for cell in row.values()] for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def ms(seconds):
    return f"{1e3 * seconds:.3g}"


def exact_table(rows):
    def cells(row):
        mine, peers = row["ours"], row["peers"]

        def peer(name):
            if name is None:
                return "-"
            p = peers[name]
            return f"{name} {p['best_value'] / mine['value'] - 1:+.1e}, {ms(p['wall_s'])} ms"

        missed = sum(p["value"] < 0.99 * mine["value"] for p in peers.values())
        return {"instance": row["data"], "value": f"{mine['value']:.6f}", "gap": f"{mine['gap']:.1e}",
                "time, ms": ms(mine["wall_s"]), "best peer: value, time": peer(row["best_peer"]),
                "fastest within 1 %": peer(row["fastest_near_peer"]), "peers that miss 1 %": f"{missed} of {len(peers)}",
                "no peer better": row["value_ok"], "time as aimed": row["time_ok"]}

    return table([cells(row) for row in rows])


def duel_table(rows):
    def cells(row):
        return {"instance": row["data"], "ours": row["optimizer"], "peer": row["peer"],
                "evaluations": f"{row['evaluations']:.0f}, {row['peer_evaluations']:.0f}",
                "missing to the bound": f"{row['missing']:.1e}, {row['peer_missing']:.1e}",
                "time, ms": f"{ms(row['wall_s'])}, {ms(row['peer_wall_s'])}", "time ratio": f"{row['wall_ratio']:.4f}",
                "peer misses the sum by": f"{row['peer_sum_violation']:.1e}",
                "value at least equal": row["value_ok"], "at most 0.1 of the time": row["time_ok"], "sum exact": row["sum_ok"]}

    return table([cells(row) for row in rows if "error" not in row])


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    ap.add_argument("--data", type=names, required=True, help="folders with instances")
    ap.add_argument("--filter", type=names, default=[""], help="only instances whose name contains one of these")
    ap.add_argument("--method", type=names, help="only these peers")
    ap.add_argument("--runs", type=int, default=3)
    ap.add_argument("--duels", action="store_true", help="differential evolution and particle swarm at equal evaluations")
    ap.add_argument("--seeds", type=int, default=20, help="of the duels")
    ap.add_argument("--slow", action="store_true", help="also the peers that take half a minute")
    ap.add_argument("--threads", type=int, default=2, help="of ours; the peers have one")
    ap.add_argument("--time-limit", type=float, default=1.0, help="seconds for our exact optimiser")
    ap.add_argument("--peer-limit", type=float, default=120.0, help="seconds for one run of a peer")
    ap.add_argument("--peers", help="folder with a bench_optimize.py whose `solve` is measured")
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    a.solve = divide_budget.chosen_solve(a.peers)
    paths = [path for folder in a.data for path in sorted(glob.glob(os.path.join(folder, "*_*.json")))]
    paths = [path for path in paths if re.match("(budget|hard|steps|concave)_", os.path.basename(path))
             and any(part in os.path.basename(path) for part in a.filter)]
    rows = []
    for path in paths:
        inst = divide_budget.load(path)
        if not a.duels:
            rows.append(compare(a, path, inst))
            print(json.dumps(rows[-1]), flush=True)
            continue
        if inst.k > 50 or inst.variant == "steps":
            continue
        pairs = [("de", "de_softmax"), ("pso", "pyswarm_pso")] + ([("de", "de_linear")] if inst.k <= 10 or a.slow else [])
        for optimizer, method in pairs:
            rows.append(duel(a, path, inst, optimizer, method))
            print(json.dumps(rows[-1]), flush=True)
    print("\n" + (duel_table if a.duels else exact_table)(rows))


if __name__ == "__main__":
    main()
