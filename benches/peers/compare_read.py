#!/usr/bin/env python3
"""Reads the same table with adsml and with pandas, interleaved, and prints medians and ratios.

    cargo build --release -p adsml-benches
    python benches/peers/compare_read.py --data DIR [--name ctr_1m] [--runs 7]

Run it with the Python that has pandas and pyarrow. Every measurement is a process of its own; one
uncounted round brings the file into the page cache.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", required=True)
    ap.add_argument("--name", default="ctr_1m")
    ap.add_argument("--runs", type=int, default=7)
    ap.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    a = ap.parse_args()
    file = os.path.join(a.data, a.name + ".csv")
    peer = [sys.executable, os.path.join(HERE, "read_table.py"), file, "--engine"]
    ours = [a.program, "read", "--data", a.data, "--name", a.name, "--json", "--threads"]
    sides = {
        "adsml, 2 threads": ours + ["2"],
        "pandas c": peer + ["c"],
        "adsml, 1 thread": ours + ["1"],
        "pandas pyarrow": peer + ["pyarrow"],
    }
    results = {name: [] for name in sides}
    for run in range(a.runs + 1):
        for name, command in sides.items():
            line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            if run > 0:
                results[name].append(line)
    wall = {name: statistics.median(line["wall_s"] for line in lines) for name, lines in results.items()}
    for name, lines in results.items():
        times = sorted(line["wall_s"] for line in lines)
        peak = statistics.median(line["peak_minus_before_mb"] for line in lines)
        print(f"{name:18} median {wall[name]:.3f} s (min {times[0]:.3f}, max {times[-1]:.3f}), peak {peak:.0f} MiB")
    line = results["adsml, 2 threads"][0]
    buffers = line["column_buffers_mb"]
    for key in ("budget_sum", "budget_per_audience_sum"):
        other = results["pandas c"][0][key]
        assert abs(line[key] - other) <= 1e-9 * abs(other), key
    peaks = [line["peak_minus_before_mb"] for line in results["adsml, 2 threads"]]
    print(f"adsml / pandas c       {wall['adsml, 2 threads'] / wall['pandas c']:.3f}")
    print(f"adsml / pandas pyarrow {wall['adsml, 2 threads'] / wall['pandas pyarrow']:.3f}")
    print(f"peak / column buffers  {statistics.median(peaks) / buffers:.2f} ({buffers:.0f} MiB of buffers)")


if __name__ == "__main__":
    main()
