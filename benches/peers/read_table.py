#!/usr/bin/env python3
"""The pandas side of `side_by_side -- read`: read a CTR table and add the prototype's derived columns.

    python read_table.py FILE.csv --engine c|pyarrow [--threads 2]

Prints one JSON line with the fields of the Rust side. The clock starts after the imports; the file
should be in the page cache. Needs pandas and pyarrow. The C engine of pandas 3.1 reads a large file on all cores.
"""
import argparse
import json
import os
import time

import numpy as np
import pandas as pd


def status_mb(field):
    with open("/proc/self/status") as f:
        for line in f:
            if line.startswith(field):
                return int(line.split()[1]) / 1024.0
    return float("nan")


def derive(df):
    """The nine columns of the prototype's `prepare_features`, by its formulas."""
    df["budget_per_audience"] = df["budget"] / df["audience_size"]
    df["creative_diversity"] = df["creative_count"] / df["audience_size"]
    df["competition_ratio"] = df["competition_level"] / df["market_size"]
    df["hour_sin"] = np.sin(2 * np.pi * df["hour_of_day"] / 24)
    df["hour_cos"] = np.cos(2 * np.pi * df["hour_of_day"] / 24)
    df["day_sin"] = np.sin(2 * np.pi * df["day_of_week"] / 7)
    df["day_cos"] = np.cos(2 * np.pi * df["day_of_week"] / 7)
    df["month_sin"] = np.sin(2 * np.pi * df["month"] / 12)
    df["month_cos"] = np.cos(2 * np.pi * df["month"] / 12)
    return df


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("file")
    ap.add_argument("--engine", choices=["c", "pyarrow"], required=True)
    ap.add_argument("--threads", type=int, default=2)
    a = ap.parse_args()
    if a.engine == "pyarrow":
        import pyarrow

        pyarrow.set_cpu_count(a.threads)
    before = status_mb("VmRSS")
    start = time.perf_counter()
    df = derive(pd.read_csv(a.file, engine=a.engine))
    wall = time.perf_counter() - start
    print(json.dumps({
        "bench": "read", "side": f"pandas_{a.engine}", "threads": len(os.sched_getaffinity(0)) if a.engine == "c" else a.threads,
        "rows": len(df), "columns": df.shape[1], "wall_s": wall,
        "peak_minus_before_mb": status_mb("VmHWM") - before,
        "budget_sum": float(df["budget"].sum()), "budget_per_audience_sum": float(df["budget_per_audience"].sum()),
    }))


if __name__ == "__main__":
    main()
