#!/usr/bin/env python3
"""From campaign days to a plan and thirty days ahead: ours against the prototype's own route in Python.

    cargo build --release -p adsml-benches
    python benches/peers/compare_plan.py time   --data DIR [--campaigns 100] [--days 365] [--generations 4]
    python benches/peers/compare_plan.py value  --data DIR [--accounts 50]

Run it with the Python that has the peers; `prototype_plan.py` says what the prototype's route is and how it was made to add up.

    time     both sides on one account, ours before and after the other's, by wall and by processor time. Of the peer's 31 searches
             `--generations` of one are run, and multiplied; 0 runs everything, for hours. `measured` is what it really ran.
    value    accounts of 5 to 10 campaigns and 90 days: the true value of either plan, by the true curves in the history's average
             circumstances. `bounded` is our plan within the prototype's bounds, with no regard to the spends that were observed.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def answer(command):
    """A program's answer, with its wall and processor seconds in all."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(out) | {"process_seconds": [time.perf_counter() - started, cpu]}


class Account:
    def __init__(self, args, campaigns, days, seed):
        self.folder = os.path.join(args.data, f"account_{campaigns}_{days}_{seed}")
        self.command = [args.binary, "plan", "--campaigns", campaigns, "--days", days, "--seed", seed, "--json"]
        subprocess.run([str(part) for part in [*self.command, "--write", self.folder]], check=True)

    def ours(self, *options):
        return answer([*self.command, *options])

    def theirs(self, *options):
        line = answer([sys.executable, os.path.join(HERE, "prototype_plan.py"), self.folder, *options])
        if "budgets" in line:
            file = os.path.join(self.folder, "budgets.json")
            with open(file, "w") as f:
                json.dump(line.pop("budgets"), f)
            line["true_value"] = answer([*self.command, "--judge", file])["true_value"]
        return line


def race(args):
    account = Account(args, args.campaigns, args.days, args.seed)
    runs = [account.ours("--threads", 2)]
    theirs = account.theirs(*(["--generations", args.generations] if args.generations else []))
    runs.append(account.ours("--threads", 2))
    plan = account.theirs("--tabulated") if args.generations else theirs
    for line in (*runs, theirs, plan):
        print(json.dumps(line))
    # Ours by the clock of the whole process, the account's simulation and two more plans included.
    ours = [statistics.median(run["process_seconds"][i] for run in runs) for i in (0, 1)]
    ratios = {"ratio_" + key: [ours[i] / theirs[key][i] for i in (0, 1)]
              for key in ("seconds", "as_written_seconds", "measured_seconds") if key in theirs}
    print(json.dumps({"bench": "compare_plan time", "ours_seconds": [run["seconds"] for run in runs], "ours_process_seconds": ours,
                      **ratios, "true_value_ratio": runs[0]["true_value"] / plan["true_value"]}))


def values(args):
    shares, captured = [], []
    for i in range(args.accounts):
        account = Account(args, 5 + i % 6, 90, args.seed + i)
        ours, theirs = account.ours("--horizon", 1), account.theirs("--tabulated")
        line = {key: ours["true_value" + key] for key in ("", "_bounded", "_today", "_best")}
        line = {"account": i, "campaigns": ours["campaigns"], "theirs": theirs["true_value"],
                **{key.strip("_") or "ours": value for key, value in line.items()}}
        print(json.dumps(line), flush=True)
        shares.append([line[key] >= line["theirs"] for key in ("ours", "bounded", "today")])
        captured.append([(line[key] - line["today"]) / (line["best"] - line["today"]) for key in ("ours", "bounded", "theirs")])
    share = [sum(column) / len(shares) for column in zip(*shares)]
    median = [statistics.median(column) for column in zip(*captured)]
    print(json.dumps({"bench": "compare_plan value", "accounts": len(shares), "ours_at_least_theirs": share[0],
                      "bounded_at_least_theirs": share[1], "today_at_least_theirs": share[2],
                      "captured_median": dict(zip(["ours", "bounded", "theirs"], median))}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["time", "value"])
    parser.add_argument("--data", required=True, help="folder for the accounts")
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    race(args) if args.what == "time" else values(args)


if __name__ == "__main__":
    main()
