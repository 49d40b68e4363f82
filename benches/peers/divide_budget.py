#!/usr/bin/env python3
"""The peers' side of `side_by_side -- optimize`: divide one instance's budget with one method.

    python divide_budget.py FILE.json --method slsqp [--seed 0] [--peers DIR]

Prints one JSON line. The clock runs around the search alone: imports, reading the file and the arrays of its curves are
before it, judging the answer is after it. `value` is the objective after projecting the answer on the feasible set
(Euclidean), since most answers miss the total a little; `raw_value` is that of the answer itself. Needs numpy and the
method's library. With --peers, a folder with a `bench_optimize.py`, its `solve` is measured instead of the one here.

    dual_bisection   the concave problem's conditions of Karush, Kuhn and Tucker by bisection, in numpy
    slsqp            SciPy's SLSQP from 10 starts with the gradient; slsqp_fd: by finite differences
    trust_constr     SciPy's trust-constr from one start, with the gradient
    nlopt_robyn      nlopt's LD_AUGLAG with LD_SLSQP inside, from equal shares, as Robyn does; nlopt_slsqp: LD_SLSQP alone
    de_linear        SciPy's differential evolution with a LinearConstraint; de_softmax: on logits, always feasible
    pyswarm_pso, cma, optuna_tpe (300 trials), optuna_gp (100), skopt_gp (100 calls), nevergrad_ngopt (3,000 evaluations):
                     fractions of the free range, every candidate projected on the feasible set
"""
import argparse
import json
import os
import sys
import time

import numpy as np

KINDS = ["hill", "log", "power", "steps"]
LIBRARY = {"dual_bisection": "numpy", "slsqp": "scipy.optimize", "slsqp_fd": "scipy.optimize", "trust_constr": "scipy.optimize",
           "nlopt_robyn": "nlopt", "nlopt_slsqp": "nlopt", "de_linear": "scipy.optimize", "de_softmax": "scipy.optimize",
           "pyswarm_pso": "pyswarm", "cma": "cma", "optuna_tpe": "optuna", "optuna_gp": "optuna", "skopt_gp": "skopt",
           "nevergrad_ngopt": "nevergrad"}


class Instance:
    """Curves and constraints as arrays; values and slopes of all campaigns at once."""

    def __init__(self, d):
        self.name, self.k, self.variant, self.total = d["name"], d["k"], d["variant"], d["total_budget"]
        column = lambda key, default: np.array([c.get(key, default) for c in d["curves"]], float)
        self.kind = np.array([KINDS.index(c["type"]) for c in d["curves"]])
        self.a, self.h, self.s = column("a", 0.0), column("k", 1.0), column("s", 1.0)
        self.lo, self.hi = np.array(d["lower"], float), np.array(d["upper"], float)
        self.evals = 0
        self._of = [np.flatnonzero(self.kind == kind) for kind in range(len(KINDS))]
        # All steps in one ascending row: campaign i's begin at i * _apart, with a step to 0 before its first.
        self._apart = 1e12
        starts, values = [], []
        for i in self._of[3]:
            c = d["curves"][i]
            starts.append(np.concatenate(([-1.0], np.rint(np.array(c["spend"]) * 100.0))) + i * self._apart)
            values.append(np.concatenate(([0.0], c["value"])))
        self._starts = np.concatenate(starts) if starts else None
        self._values = np.concatenate(values) if starts else None

    def values(self, x):
        hill, log, power, steps = self._of
        u = np.maximum(x, 0.0) / self.h
        v = np.empty_like(u)
        if len(hill):
            t = u[hill] ** self.s[hill]
            v[hill] = self.a[hill] * (t / (1.0 + t))
        if len(log):
            v[log] = self.a[log] * np.log1p(u[log])
        if len(power):
            v[power] = self.a[power] * u[power] ** self.s[power]
        if len(steps):
            # To the cent below; a spend that misses a step by rounding error has reached it.
            cents = np.floor(np.maximum(x[steps], 0.0) * 100.0 + 1e-6)
            v[steps] = self._values[np.searchsorted(self._starts, steps * self._apart + cents, "right") - 1]
        return v

    def f(self, x):
        self.evals += 1
        return float(self.values(x).sum())

    def grad(self, x):
        hill, log, power, _ = self._of
        u = np.maximum(x, 1e-12 * self.h) / self.h
        v = np.zeros_like(u)
        if len(hill):
            t = u[hill] ** self.s[hill]
            v[hill] = self.s[hill] * t / (u[hill] * (1.0 + t) ** 2)
        if len(log):
            v[log] = 1.0 / (1.0 + u[log])
        if len(power):
            v[power] = self.s[power] * u[power] ** (self.s[power] - 1.0)
        return self.a * v / self.h

    def project(self, x):
        """The nearest point whose sum is the total, between the bounds: by bisection on the shift."""
        below, above = float((self.lo - x).min()), float((self.hi - x).max())
        for _ in range(100):
            shift = 0.5 * (below + above)
            if np.clip(x + shift, self.lo, self.hi).sum() < self.total:
                below = shift
            else:
                above = shift
            if above - below < 1e-14 * self.total:
                break
        return np.clip(x + 0.5 * (below + above), self.lo, self.hi)

    def judge(self, x):
        """What an answer is worth after projecting it, what it is worth as it is, and by how much it misses the total."""
        x = np.asarray(x, float)
        raw = x
        return {"value": float(self.values(self.project(x)).sum()), "raw_value": float(self.values(raw).sum()),
                "sum_violation": abs(float(raw.sum()) - self.total)}


def load(path):
    with open(path) as f:
        return Instance(json.load(f))


def dual_bisection(inst):
    def best(price):
        low, high = inst.lo.copy(), inst.hi.copy()
        for _ in range(55):
            middle = 0.5 * (low + high)
            up = inst.grad(middle) > price
            low, high = np.where(up, middle, low), np.where(up, high, middle)
        return 0.5 * (low + high)

    cheap, dear = 0.0, float(inst.grad(np.maximum(inst.lo, 1e-9 * inst.h)).max()) * 1.0000001
    most, least = inst.hi, inst.lo
    for _ in range(60):
        price = 0.5 * (cheap + dear)
        x = best(price)
        if x.sum() > inst.total:
            cheap, most = price, x
        else:
            dear, least = price, x
        if dear - cheap <= 1e-15 * dear or most.sum() - least.sum() <= 1e-13 * inst.total:
            break
    spread = most.sum() - least.sum()
    return least + (np.clip((inst.total - least.sum()) / spread, 0.0, 1.0) if spread else 0.5) * (most - least)


def solve(method, inst, seed):
    """The answer, and the number of gradients in a list; objectives are counted by the instance."""
    rng = np.random.default_rng(seed)
    k, lo, hi, total = inst.k, inst.lo, inst.hi, inst.total
    free = total - lo.sum()
    grads = [0]
    neg = lambda x: -inst.f(np.asarray(x))
    unit = lambda u: inst.project(lo + np.asarray(u, float) * np.minimum(hi - lo, free))
    f = lambda u: neg(unit(u))
    equal = inst.project(np.full(k, total / k))

    def ngrad(x):
        grads[0] += 1
        return -inst.grad(np.asarray(x))

    if method == "dual_bisection":
        return dual_bisection(inst), grads
    if method in ("slsqp", "slsqp_fd"):
        from scipy.optimize import minimize
        cons = [{"type": "eq", "fun": lambda x: x.sum() - total, "jac": lambda x: np.ones(k)}]
        starts = [equal] + [inst.project(lo + free * rng.dirichlet(np.ones(k))) for _ in range(9)]
        runs = [minimize(neg, x0, jac=ngrad if method == "slsqp" else None, bounds=list(zip(lo, hi)), constraints=cons,
                         method="SLSQP", options={"maxiter": 300, "ftol": 1e-10}) for x0 in starts]
        return min(runs, key=lambda r: r.fun).x, grads
    if method == "trust_constr":
        from scipy.optimize import Bounds, LinearConstraint, minimize
        r = minimize(neg, equal, jac=ngrad, bounds=Bounds(lo, hi), method="trust-constr",
                     constraints=LinearConstraint(np.ones((1, k)), total, total), options={"maxiter": 500})
        return r.x, grads
    if method in ("nlopt_robyn", "nlopt_slsqp"):
        import nlopt

        def objective(x, g):
            if g.size:
                g[:] = ngrad(x)
            return neg(x)

        def sum_error(x, g):
            if g.size:
                g[:] = 1.0
            return x.sum() - total

        o = local = nlopt.opt(nlopt.LD_SLSQP, k)
        local.set_xtol_rel(1e-10)
        if method == "nlopt_robyn":
            o = nlopt.opt(nlopt.LD_AUGLAG, k)
            o.set_local_optimizer(local)
            o.set_xtol_rel(1e-10)
        o.set_maxeval(100_000)
        o.set_min_objective(objective)
        o.add_equality_constraint(sum_error, 1e-8 * total)
        o.set_lower_bounds(lo)
        o.set_upper_bounds(hi)
        return o.optimize(equal), grads
    if method == "de_linear":
        from scipy.optimize import Bounds, LinearConstraint, differential_evolution
        constraint = LinearConstraint(np.ones((1, k)), total, total)
        return differential_evolution(neg, Bounds(lo, hi), constraints=constraint, seed=seed).x, grads
    if method == "de_softmax":
        from scipy.optimize import differential_evolution

        def shares(z):
            e = np.exp(z - z.max())
            x = lo + free * e / e.sum()
            return x if (x <= hi).all() else inst.project(x)

        return shares(differential_evolution(lambda z: neg(shares(z)), [(-5.0, 5.0)] * k, seed=seed).x), grads
    if method == "pyswarm_pso":
        import contextlib
        import io
        from pyswarm import pso
        np.random.seed(seed)
        with contextlib.redirect_stdout(io.StringIO()):
            r = pso(f, np.zeros(k), np.ones(k))
        return unit(r.x if hasattr(r, "x") else r[0]), grads
    if method == "cma":
        import cma
        options = {"bounds": [0, 1], "maxfevals": 10_000, "verbose": -9, "seed": seed + 1}
        return unit(cma.fmin2(f, np.full(k, 1.0 / k), 0.2, options)[0]), grads
    if method in ("optuna_tpe", "optuna_gp"):
        import optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        tpe = method == "optuna_tpe"
        study = optuna.create_study(sampler=(optuna.samplers.TPESampler if tpe else optuna.samplers.GPSampler)(seed=seed))
        names = [f"x{i}" for i in range(k)]
        study.optimize(lambda trial: f([trial.suggest_float(name, 0.0, 1.0) for name in names]), n_trials=300 if tpe else 100)
        return unit([study.best_params[name] for name in names]), grads
    if method == "skopt_gp":
        from skopt import gp_minimize
        return unit(gp_minimize(f, [(0.0, 1.0)] * k, n_calls=100, random_state=seed).x), grads
    if method == "nevergrad_ngopt":
        import nevergrad as ng
        shares = ng.p.Array(shape=(k,), lower=0.0, upper=1.0)
        shares.random_state.seed(seed)
        return unit(ng.optimizers.NGOpt(parametrization=shares, budget=3000).minimize(f).value), grads
    raise ValueError(method)


def chosen_solve(peers):
    """The `solve` of `bench_optimize.py` in the folder `peers`; the one here without a folder."""
    if not peers:
        return solve
    sys.path.insert(0, os.path.abspath(peers))
    import bench_optimize
    return bench_optimize.solve


def measure(solve, method, inst, seed):
    """One timed run, as the fields of a line."""
    inst.evals = 0
    start = time.perf_counter()
    x, grads = solve(method, inst, seed)
    wall = time.perf_counter() - start
    evaluations = inst.evals
    return {"bench": "optimize", "side": LIBRARY[method].split(".")[0], "data": inst.name, "optimizer": method, "seed": seed,
            "wall_s": wall, **inst.judge(x), "evaluations": evaluations, "gradients": grads[0]}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("file")
    ap.add_argument("--method", choices=list(LIBRARY), required=True)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--peers", help="folder with a bench_optimize.py")
    a = ap.parse_args()
    __import__(LIBRARY[a.method])
    print(json.dumps(measure(chosen_solve(a.peers), a.method, load(a.file), a.seed)))


if __name__ == "__main__":
    main()
