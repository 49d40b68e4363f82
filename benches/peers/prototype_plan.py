#!/usr/bin/env python3
"""The prototype's own route from campaign days to a plan and a forecast, in Python.

    python prototype_plan.py DIR [--horizon 30] [--generations N] [--tabulated]

DIR holds `account.csv` and `account.json` as `side_by_side plan --write DIR` leaves them. Per campaign a scikit-learn random
forest of ROAS (100 trees, depth 10) on the prototype's nine features; SciPy's differential evolution with its settings (seed 42,
100 generations, 15 candidates per campaign, tolerances 1e-6) on the sum of predicted ROAS times budget; and for every day of the
forecast another such search. Two repairs, without which the route has no answer to compare:

    total    the prototype never asks that budgets add up. A candidate is scaled to the total before it is scored, and so is the
             plan; scaled, a budget may leave its bounds, which is left to it.
    bounds   5 % of the total for each of more than twenty campaigns is more than the total. From ten campaigns on, the least is
             half of an equal share.

The whole of it takes hours for a hundred campaigns, so three clocks are offered, by wall and by processor time:

    (default)         everything is run. A generation is predicted at once, one call per forest: kinder than the prototype, whose
                      loop predicts candidate by candidate, and which also polishes its answer with L-BFGS-B.
    --generations N   the first N generations of one search are run, and multiplied to 100 and to 1 + horizon searches. Five
                      candidates are scored as the prototype's loop does it, too, and multiplied likewise.
    --tabulated       for the plan alone: forests are tabulated along the budget first. The same search and the same values, soon.

One JSON line; what was multiplied is said in it.
"""
import argparse
import csv
import json
import os
import time

for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[pool] = "1"

import datetime

import numpy as np
from scipy.optimize import differential_evolution
from sklearn.ensemble import RandomForestRegressor

FEATURES = ["budget", "day_of_week", "hour_of_day", "month", "seasonality_factor", "competition_level", "audience_size",
            "creative_count", "relevance_score"]
GENERATIONS, CANDIDATES = 100, 15


def read(folder):
    with open(os.path.join(folder, "account.json")) as f:
        about = json.load(f)
    rows = {campaign: ([], []) for campaign in about["campaigns"]}
    with open(os.path.join(folder, "account.csv"), newline="") as f:
        for row in csv.DictReader(f):
            x, y = rows[row["campaign_id"]]
            x.append([float(row[name]) for name in FEATURES])
            y.append(float(row["roas"]))
    return about, rows


def context(date):
    """The prototype's idea of a day to come: all features but the budget."""
    wave = np.sin(2 * np.pi * date.timetuple().tm_yday / 365)
    return [date.weekday(), 14, date.month, 1.0 + 0.1 * wave, 0.6 + 0.1 * wave, 100_000, 3, 8.5]


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self):
        self.started = time.perf_counter(), time.process_time()

    def read(self):
        return np.array([time.perf_counter() - self.started[0], time.process_time() - self.started[1]])


class Route:
    def __init__(self, about, rows):
        self.total, self.bounds, self.evaluations, self.tables = about["total"], about["bounds"], 0, None
        self.forests = []
        for campaign in about["campaigns"]:
            forest = RandomForestRegressor(n_estimators=100, max_depth=10, random_state=42)
            self.forests.append(forest.fit(np.array(rows[campaign][0]), np.array(rows[campaign][1])))

    def tabulate(self, context):
        """Thresholds of every forest along the budget, and what it predicts up to each, and beyond the last."""
        self.tables = []
        for forest in self.forests:
            trees = [tree.tree_ for tree in forest.estimators_]
            at = np.unique(np.concatenate([tree.threshold[tree.feature == 0] for tree in trees] + [[0.0]]))
            x = np.empty((len(at) + 1, len(FEATURES)))
            # Trees read float32, and go left up to the threshold.
            x[:-1, 0] = np.nextafter(at.astype(np.float32), np.float32(-np.inf))
            x[-1, 0] = 2.0 * at[-1] + 1.0
            x[:, 1:] = context
            self.tables.append((at, forest.predict(x)))

    def revenue(self, budgets, context):
        """Of candidates as columns: the sum over campaigns of predicted ROAS times budget, budgets scaled to the total."""
        budgets = budgets * (self.total / budgets.sum(axis=0))
        self.evaluations += budgets.shape[1]
        revenue = np.zeros(budgets.shape[1])
        if self.tables:
            for (at, roas), budget in zip(self.tables, budgets):
                revenue += roas[np.searchsorted(at, budget.astype(np.float32))] * budget
            return revenue
        x = np.empty((budgets.shape[1], len(FEATURES)))
        x[:, 1:] = context
        for forest, budget in zip(self.forests, budgets):
            x[:, 0] = budget
            revenue += forest.predict(x) * budget
        return revenue

    def revenue_as_written(self, budgets, context):
        """Of one candidate, one prediction at a time."""
        budgets = budgets * (self.total / budgets.sum())
        return sum(f.predict(np.array([[b, *context]]))[0] * b for f, b in zip(self.forests, budgets))

    def plan(self, context, generations=GENERATIONS):
        bounds = [(self.total * self.bounds[0], self.total * self.bounds[1])] * len(self.forests)
        result = differential_evolution(lambda x: -self.revenue(x, context), bounds, seed=42, maxiter=generations,
                                        popsize=CANDIDATES, atol=1e-6, tol=1e-6, polish=False, vectorized=True,
                                        updating="deferred")
        return result.x * (self.total / result.x.sum()), -result.fun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--horizon", type=int, default=30)
    parser.add_argument("--generations", type=int)
    parser.add_argument("--tabulated", action="store_true")
    args = parser.parse_args()
    about, rows = read(args.folder)
    k = len(about["campaigns"])
    clock = Clock()
    route = Route(about, rows)
    fit = clock.read()
    first = datetime.date(1970, 1, 1) + datetime.timedelta(days=about["last_date"] + 1)
    line = {"bench": "prototype_plan", "campaigns": k, "horizon": args.horizon, "fit_seconds": fit.tolist()}
    searches = 1 + args.horizon
    if args.tabulated:
        route.tabulate(context(first))
        budgets, predicted = route.plan(context(first))
        line |= {"clock": "none", "evaluations": route.evaluations, "predicted": predicted, "budgets": budgets.tolist()}
    elif args.generations:
        clock = Clock()
        route.plan(context(first), args.generations)
        # The first candidates are scored, too.
        measured = clock.read()
        search = measured * (1 + GENERATIONS) / (1 + args.generations)
        candidates = np.random.default_rng(0).uniform(*(np.array(about["bounds"]) * about["total"]), (5, k))
        clock = Clock()
        for candidate in candidates:
            route.revenue_as_written(candidate, context(first))
        loop = clock.read() / len(candidates) * (1 + GENERATIONS) * CANDIDATES * k
        line |= {"clock": f"{args.generations} generations of one search, multiplied", "measured_seconds": (fit + measured).tolist(),
                 "search_seconds": search.tolist(), "seconds": (fit + search * searches).tolist(),
                 "as_written_seconds": (fit + loop * searches).tolist()}
    else:
        # The plan is for the first day to come; the forecast begins with that day, too.
        days = [first] + [first + datetime.timedelta(days=day) for day in range(args.horizon)]
        plans = [route.plan(context(day)) for day in days]
        line |= {"clock": "everything", "seconds": clock.read().tolist(), "evaluations": route.evaluations // searches,
                 "predicted": plans[0][1], "budgets": plans[0][0].tolist()}
    print(json.dumps(line))


if __name__ == "__main__":
    main()
