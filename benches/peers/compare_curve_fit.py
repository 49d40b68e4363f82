#!/usr/bin/env python3
"""Response curves by weighted least squares: our CurveFit against SciPy's curve_fit, by objective and by time.

    cargo build --release -p adsml-benches
    python benches/peers/compare_curve_fit.py --data DIR [--curves 1000] [--seed 0] [--block 50]

Run it with the Python that has the peers. DIR gets `curves.json`: six families in turn, 30 to 365 days, noise of 2 to 40 % of
the typical response, half of the samples with weights. The peer has the same formulas, the documented bounds of ours, and starts
that a careful user would read off the data:

    trf    curve_fit with bounds, hence method trf; the same problem as ours
    lm     curve_fit without bounds, hence MINPACK; another problem where it ends outside of ours, and then not judged

Both sides are timed in turn, a block of samples each, on one thread. Objectives are computed here, for all sides by the same
lines of Python. One JSON line per family at the end, and a Markdown table.
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
from scipy.optimize import curve_fit
from scipy.special import expit

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

CURVES = {
    "Hill": lambda x, ceiling, half, exponent: ceiling * x**exponent / (half**exponent + x**exponent),
    "Michaelis-Menten": lambda x, ceiling, half: ceiling * x / (half + x),
    "negative exponential": lambda x, ceiling, scale: ceiling * (1.0 - np.exp(-x / scale)),
    "logarithmic": lambda x, slope, scale: slope * np.log1p(x / scale),
    "power": lambda x, coefficient, exponent: coefficient * x**exponent,
    "logistic": lambda x, ceiling, midpoint, steepness: ceiling
    * (expit(steepness * (x - midpoint)) - expit(-steepness * midpoint)),
}


def simulate(count, seed):
    """True curves whose shapes lie well inside the bounds, seen through noise."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        family = list(CURVES)[i % len(CURVES)]
        n = int(rng.integers(30, 366))
        typical = 10.0 ** rng.uniform(1, 4)
        spend = np.round(typical * np.exp(rng.uniform(0.3, 1.0) * rng.standard_normal(n)), 2) + 0.01
        size = 10.0 ** rng.uniform(1, 5)
        factor = rng.uniform(0.4, 2.5)
        shape = {
            "Hill": [typical * factor, rng.uniform(0.6, 3.0)],
            "Michaelis-Menten": [typical * factor],
            "negative exponential": [typical * factor],
            "logarithmic": [typical * factor],
            "power": [rng.uniform(0.2, 0.9)],
            "logistic": [typical * factor, rng.uniform(2.0, 6.0) / typical],
        }[family]
        mean = CURVES[family](spend, size, *shape)
        weight = np.exp(0.7 * rng.standard_normal(n)) if i % 2 else np.ones(n)
        sd = rng.choice([0.02, 0.05, 0.1, 0.2, 0.4]) * np.median(mean) / np.sqrt(weight)
        response = mean + sd * rng.standard_normal(n)
        yield {"family": family, "spend": spend.tolist(), "response": response.tolist(), "weight": weight.tolist()}


def bounds(family, x, y):
    """Those that the documentation of CurveFit states."""
    least, greatest, top = x.min(), x.max(), np.abs(y).max()
    # Of the power curve our coefficient is the response at the greatest spend; the peer's formula has it at 1.
    amplitude, spend = (1e-6 * top, 1e3 * top), (0.1 * least, 10.0 * greatest)
    return np.array({
        "Hill": [amplitude, spend, (0.2, 8.0)],
        "logistic": [amplitude, (0.02 * greatest, 3.0 * greatest), (0.5 / greatest, 100.0 / greatest)],
        "power": [(0.0, np.inf), (0.02, 1.0)],
    }.get(family, [amplitude, spend])).T


def start(family, x, y):
    """Read off the data: a ceiling above the highest responses, a typical spend, a middling exponent."""
    top, typical = 1.2 * np.quantile(y, 0.95), np.median(x)
    if family == "power":
        # A straight line through the logarithms of what is above 0.
        slope, level = np.polyfit(np.log(x[y > 0]), np.log(y[y > 0]), 1)
        exponent = np.clip(slope, 0.05, 0.95)
        return [np.exp(level + (slope - exponent) * np.log(x[y > 0]).mean()), exponent]
    return {
        "Hill": [top, typical, 1.0],
        "logistic": [top, typical, 4.0 / typical],
        "logarithmic": [top / np.log1p(x.max() / typical), typical],
    }.get(family, [top, typical])


def peer(sample, method):
    f = CURVES[sample["family"]]
    x, y, w = (np.array(sample[name]) for name in ("spend", "response", "weight"))
    began = time.perf_counter()
    sigma = 1.0 / np.sqrt(w)
    low, high = bounds(sample["family"], x, y)
    p0 = start(sample["family"], x, y)
    try:
        if method == "trf":
            theta, _ = curve_fit(f, x, y, np.clip(p0, low, high), sigma, bounds=(low, high))
        else:
            theta, _ = curve_fit(f, x, y, p0, sigma)
    except (RuntimeError, ValueError):
        theta = None
    wall = time.perf_counter() - began
    inside = theta is not None and (theta >= low).all() and (theta <= high).all()
    return wall, objective(sample, theta) if inside else None


def objective(sample, theta):
    x, y, w = (np.array(sample[name]) for name in ("spend", "response", "weight"))
    return float((w * (CURVES[sample["family"]](x, *theta) - y) ** 2).sum())


def ours(a, skip):
    command = [a.program, "curve-fit", "--data", a.data, "--skip", str(skip), "--take", str(a.block), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--data", required=True)
    ap.add_argument("--curves", type=int, default=1000)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--block", type=int, default=50)
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    os.makedirs(a.data, exist_ok=True)
    samples = list(simulate(a.curves, a.seed))
    with open(os.path.join(a.data, "curves.json"), "w") as f:
        json.dump(samples, f)
    rows = []
    for skip in range(0, a.curves, a.block):
        block = samples[skip:skip + a.block]
        for sample, line in zip(block, ours(a, skip)):
            theta = line["parameters"]
            if line["family"] == "power":
                theta = [theta[0] / max(sample["spend"]) ** theta[1], theta[1]]
            rows.append({**line, "judged": objective(sample, theta)})
        for method in ("trf", "lm"):
            for i, sample in enumerate(block):
                rows[skip + i][method] = peer(sample, method)
    print("| family | curves | ours, us | trf, us | lm, us | ours to trf | ours to lm | trf higher, failed | lm higher, outside | ours higher |")
    print("|---|" + "---:|" * 9)
    for family in list(CURVES) + ["all"]:
        of = [row for row in rows if family in (row["family"], "all")]
        worse = lambda row, method: row[method][1] is not None and row[method][1] > row["judged"] * (1 + 1e-8)
        better = lambda row, method: row[method][1] is not None and row[method][1] < row["judged"] * (1 - 1e-8)
        none = lambda method: sum(row[method][1] is None for row in of)
        higher = [row["sample"] for row in of if better(row, "trf") or better(row, "lm")]
        total = {method: sum(row[method][0] for row in of) for method in ("trf", "lm")}
        total["ours"] = sum(row["wall_s"] for row in of)
        each = {method: statistics.median(row[method][0] for row in of) for method in ("trf", "lm")}
        each["ours"] = statistics.median(row["wall_s"] for row in of)
        line = {"bench": "curve_fit", "family": family, "curves": len(of), "median_s": each, "total_s": total,
                "ours_higher": higher, "not_converged": sum(not row["converged"] for row in of),
                "trf_higher": sum(worse(row, "trf") for row in of), "trf_failed": none("trf"),
                "lm_higher": sum(worse(row, "lm") for row in of), "lm_outside": none("lm")}
        print(json.dumps(line), file=sys.stderr)
        print(f"| {family} | {len(of)} | {each['ours'] * 1e6:.0f} | {each['trf'] * 1e6:.0f} | {each['lm'] * 1e6:.0f} "
              f"| {total['ours'] / total['trf']:.4f} | {total['ours'] / total['lm']:.3f} | {line['trf_higher']}, {line['trf_failed']} "
              f"| {line['lm_higher']}, {line['lm_outside']} | {len(higher)} |")


if __name__ == "__main__":
    main()
