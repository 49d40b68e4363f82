#!/usr/bin/env python3
"""Few, noisy evaluations: our Bayesian optimiser against scikit-optimize's gp_minimize, by true regret.

    cargo build --release -p adsml-benches
    python benches/peers/compare_bayes.py --data PEERS_DATA [--name budget_10_concave,budget_10_sshaped]
        [--calls 40] [--noise 0.05] [--seeds 10] [--side ours,peer]

Run it with the Python that has the peers. Every evaluation is value * (1 + noise * standard normal). The peer searches
fractions of the free range, every candidate projected on the feasible set (as divide_budget.py's skopt_gp), with its
defaults: 10 initial points, gp_hedge, Gaussian noise fitted. What it is judged by:

    regret   (optimum - true value of the recommended point) / optimum; the optimum is in the instance's file
    peer     `regret` of `result.x`, the point of the best observed value; `regret_model` of `expected_minimum`, the
             minimiser of its posterior mean

One JSON line per run as it is ready, and a Markdown table of medians at the end.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings

for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[pool] = "1"

import numpy as np

import divide_budget

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def peer(a, inst, optimum, seed):
    from skopt import expected_minimum, gp_minimize

    noise = np.random.default_rng([seed, 5])
    width = np.minimum(inst.hi - inst.lo, inst.total - inst.lo.sum())
    plan = lambda u: inst.project(inst.lo + np.asarray(u, float) * width)
    evaluate = lambda u: -inst.f(plan(u)) * (1.0 + a.noise * noise.standard_normal())
    start = time.perf_counter()
    result = gp_minimize(evaluate, [(0.0, 1.0)] * inst.k, n_calls=a.calls, random_state=seed)
    wall = time.perf_counter() - start
    modelled, _ = expected_minimum(result, random_state=seed)
    regret = lambda u: 1.0 - float(inst.values(plan(u)).sum()) / optimum
    return {"bench": "bayes", "side": "skopt", "optimizer": "gp_minimize", "data": inst.name, "seed": seed, "calls": a.calls,
            "noise": a.noise, "wall_s": wall, "regret": regret(result.x), "regret_model": regret(modelled)}


def ours(a, inst, optimum):
    command = [a.program, "bayes", "--data", a.data, "--name", inst.name, "--calls", str(a.calls), "--noise", str(a.noise),
               "--seeds", str(a.seeds), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    for line in map(json.loads, done.stdout.splitlines()):
        cents = np.array(line.pop("budgets"))
        assert cents.sum() == round(inst.total * 100), f"{inst.name}: the sum is {cents.sum()}"
        spends = cents / 100.0
        assert (spends >= inst.lo).all() and (spends <= inst.hi).all(), f"{inst.name}: a budget out of its bounds"
        # Judged here, by the same lines of Python as the peer.
        line["regret"] = 1.0 - float(inst.values(spends).sum()) / optimum
        yield line


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    ap.add_argument("--data", required=True)
    ap.add_argument("--name", type=names, default=["budget_10_concave", "budget_10_sshaped"])
    ap.add_argument("--calls", type=int, default=40)
    ap.add_argument("--noise", type=float, default=0.05)
    ap.add_argument("--seeds", type=int, default=10)
    ap.add_argument("--side", type=names, default=["ours", "peer"])
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for name in a.name:
        path = os.path.join(a.data, f"{name}.json")
        inst = divide_budget.load(path)
        with open(path) as f:
            optimum = json.load(f)["optimum"]["objective"]
        lines = []
        if "ours" in a.side:
            for line in ours(a, inst, optimum):
                print(json.dumps(line), flush=True)
                lines.append(line)
        if "peer" in a.side:
            for seed in range(a.seeds):
                lines.append(peer(a, inst, optimum, seed))
                print(json.dumps(lines[-1]), flush=True)
        rows += summaries(name, lines)
    head = list(rows[0]) if rows else []
    print("\n" + "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *(r.values() for r in rows)]))


def summaries(name, lines):
    of = {}
    for line in lines:
        of.setdefault(line["optimizer"], []).append(line)
    median = lambda lines, key: statistics.median(line[key] for line in lines)
    base = median(of["gp_minimize"], "regret") if "gp_minimize" in of else None
    for optimizer, runs in of.items():
        regret = median(runs, "regret")
        regrets = sorted(line["regret"] for line in runs)
        yield {"instance": name, "optimizer": optimizer, "seeds": str(len(runs)), "median regret": f"{regret:.4f}",
               "least to most": f"{regrets[0]:.4f} to {regrets[-1]:.4f}",
               "of its model": f"{median(runs, 'regret_model'):.4f}" if "regret_model" in runs[0] else "-",
               "of gp_minimize's": f"{regret / base:.2f}" if base else "-", "seconds": f"{median(runs, 'wall_s'):.2f}"}


if __name__ == "__main__":
    main()
