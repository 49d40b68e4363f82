#!/usr/bin/env python3
"""Scores the same rows with adsml and with the peers, in turn, and prints ratios of medians.

    cargo build --release -p adsml-benches
    python benches/peers/compare_predict.py --data DIR [--threads 1,2] [--runs 5] [--mode single,batch]
        [--model lgbm,xgb,symmetric] [--prepare-only]

Run it with the Python that has the peers (see fit_model.py) and a gcc. The first run trains the models on the click rates of the
training rows of ctr_100k and saves them to DIR/models, with their predictions and compiled forms: LightGBM of 31 leaves, XGBoost and
CatBoost of depth 6, 500 trees at a learning rate of 0.1 and 255 bins. adsml reads the first two files, and fits symmetric trees itself.

    single   one of 10,000 rows in turn per call, on one thread, as called from C: a loop in C calls LightGBM's fast path, lleaves and
             tl2cgen, and takes off what the clock takes; the median call. ONNX Runtime is called from Python, where a call of an empty
             graph is taken off.
    batch    100,000 rows in one call, in the layout that the library likes best

A run measures ours and every peer once; ratios are of the medians over the runs.
"""
import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREES = 500
PEERS = {
    ("lgbm", "single"): ["lightgbm", "tl2cgen", "lleaves", "onnx"],
    ("lgbm", "batch"): ["lightgbm", "tl2cgen", "lleaves", "onnx", "treelite"],
    ("xgb", "single"): ["tl2cgen", "onnx"],
    ("xgb", "batch"): ["xgboost", "tl2cgen", "onnx", "treelite"],
    ("symmetric", "batch"): ["catboost"],
}
LOOP = r"""
#include <stdint.h>
#include <time.h>
typedef int (*lgb_t)(void *, const void *, int64_t *, double *);
typedef union { int missing; double value; } entry64;
typedef union { int missing; float value; } entry32;
static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}
static double one(int kind, void *fn, void *ctx, const double *row, int n) {
    double out = 0.0;
    int64_t length;
    entry64 e64[256];
    entry32 e32[256];
    float f = 0.0f;
    switch (kind) {
    case 1: ((lgb_t)fn)(ctx, row, &length, &out); return out;
    case 2: for (int i = 0; i < n; i++) e64[i].value = row[i];
            ((void (*)(entry64 *, int, double *))fn)(e64, 0, &out); return out;
    case 3: for (int i = 0; i < n; i++) e32[i].value = (float)row[i];
            ((void (*)(entry32 *, int, float *))fn)(e32, 0, &f); return f;
    case 4: ((void (*)(const double *, double *, int32_t, int32_t))fn)(row, &out, 0, 1); return out;
    default: return row[0];
    }
}
void time_rows(int kind, void *fn, void *ctx, const double *rows, int64_t n_rows, int n, uint32_t *latency) {
    volatile double keep = 0.0;
    for (int64_t i = 0; i < n_rows; i++) keep = one(kind, fn, ctx, rows + i * n, n);
    for (int64_t i = 0; i < n_rows; i++) {
        uint64_t a = now();
        keep = one(kind, fn, ctx, rows + i * n, n);
        latency[i] = (uint32_t)(now() - a);
    }
    (void)keep;
}
"""


class Peers:
    """The peers' models, trained once and kept."""

    def __init__(self, data):
        self.data = data
        self.x = np.load(os.path.join(data, "ctr_100k_X.npy"))
        self.rows = np.ascontiguousarray(self.x[np.load(os.path.join(data, "ctr_100k_test_idx.npy"))[:10_000]])
        self.x32 = self.x.astype(np.float32)
        os.makedirs(self.path(""), exist_ok=True)

    def path(self, name):
        return os.path.join(self.data, "models", name)

    def train(self):
        if os.path.exists(self.path("done")):
            return
        import catboost as cb
        import lightgbm as lgb
        import xgboost as xgb
        rows = np.load(os.path.join(self.data, "ctr_100k_train_idx.npy"))
        x, y = self.x[rows], np.load(os.path.join(self.data, "ctr_100k_ctr.npy"))[rows]
        booster = lgb.train(dict(objective="regression", num_leaves=31, learning_rate=0.1, max_bin=255, num_threads=1, verbose=-1),
                            lgb.Dataset(x, y), TREES)
        booster.save_model(self.path("lgbm.txt"))
        np.save(self.path("lgbm_pred.npy"), lgb.Booster(model_file=self.path("lgbm.txt")).predict(self.x))
        booster = xgb.train(dict(max_depth=6, learning_rate=0.1, max_bin=255, tree_method="hist", nthread=1),
                            xgb.QuantileDMatrix(x, y, max_bin=255), TREES)
        booster.save_model(self.path("xgb.ubj"))
        booster.save_model(self.path("xgb.json"))
        np.save(self.path("xgb_pred.npy"), booster.inplace_predict(self.x32).astype(np.float64))
        cb.CatBoostRegressor(iterations=TREES, depth=6, learning_rate=0.1, border_count=254, thread_count=1, verbose=0,
                             allow_writing_files=False).fit(x, y).save_model(self.path("catboost.cbm"))
        self.compile()
        open(self.path("done"), "w").close()

    def compile(self):
        import lleaves
        import onnxmltools
        import tl2cgen
        import xgboost as xgb
        from onnxmltools.convert.common.data_types import FloatTensorType
        for model in ("lgbm", "xgb"):
            tl2cgen.export_lib(self.treelite(model), toolchain="gcc", libpath=self.path(f"{model}_tl2cgen.so"),
                               params={"parallel_comp": 8}, nthread=2)
        lleaves.Model(self.path("lgbm.txt")).compile(cache=self.path("lgbm_lleaves.o"))
        kind = [("x", FloatTensorType([None, self.x.shape[1]]))]
        regressor = xgb.XGBRegressor()
        regressor.load_model(self.path("xgb.json"))
        graphs = {"lgbm": onnxmltools.convert_lightgbm(self.lightgbm(), initial_types=kind, zipmap=False),
                  "xgb": onnxmltools.convert_xgboost(regressor, initial_types=kind)}
        for model, graph in graphs.items():
            with open(self.path(f"{model}.onnx"), "wb") as file:
                file.write(graph.SerializeToString())

    def lightgbm(self):
        import lightgbm as lgb
        return lgb.Booster(model_file=self.path("lgbm.txt"))

    def treelite(self, model):
        import treelite
        if model == "lgbm":
            return treelite.frontend.load_lightgbm_model(self.path("lgbm.txt"))
        return treelite.frontend.load_xgboost_model(self.path("xgb.json"))

    def onnx(self, model, threads):
        import onnxruntime as ort
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        graph = self.path(f"{model}.onnx") if isinstance(model, str) else model
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def batch(self, model, peer, threads):
        """A call that scores all rows."""
        x, x32 = self.x, self.x32
        mine = x if model == "lgbm" else x32
        if peer == "lightgbm":
            booster = self.lightgbm()
            return lambda: booster.predict(x, num_threads=threads)
        if peer == "xgboost":
            import xgboost as xgb
            booster = xgb.Booster({"nthread": threads})
            booster.load_model(self.path("xgb.ubj"))
            return lambda: booster.inplace_predict(x32)
        if peer == "catboost":
            import catboost as cb
            booster = cb.CatBoostRegressor()
            booster.load_model(self.path("catboost.cbm"))
            columns = np.asfortranarray(x32)
            return lambda: booster.predict(columns, thread_count=threads)
        if peer == "tl2cgen":
            import tl2cgen
            predictor = tl2cgen.Predictor(self.path(f"{model}_tl2cgen.so"), nthread=threads)
            matrix = tl2cgen.DMatrix(mine)
            return lambda: predictor.predict(matrix)
        if peer == "lleaves":
            compiled = self.lleaves()
            return lambda: compiled.predict(x, n_jobs=threads)
        if peer == "treelite":
            import treelite
            trees = self.treelite(model)
            return lambda: treelite.gtil.predict(trees, mine, nthread=threads)
        session = self.onnx(model, threads)
        name, outputs = session.get_inputs()[0].name, [session.get_outputs()[0].name]
        return lambda: session.run(outputs, {name: x32})[0]

    def lleaves(self):
        import lleaves
        compiled = lleaves.Model(self.path("lgbm.txt"))
        compiled.compile(cache=self.path("lgbm_lleaves.o"))
        return compiled

    def loop(self):
        source, library = self.path("time_rows.c"), self.path("time_rows.so")
        with open(source, "w") as file:
            file.write(LOOP)
        subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
        function = ctypes.CDLL(library).time_rows
        pointer = ctypes.c_void_p
        function.argtypes = [ctypes.c_int, pointer, pointer, pointer, ctypes.c_int64, ctypes.c_int, pointer]
        function.restype = None
        rows, latency = self.rows, np.zeros(len(self.rows), np.uint32)

        def median(kind, call, context):
            function(kind, call, context, rows.ctypes.data, len(rows), rows.shape[1], latency.ctypes.data)
            return float(np.median(latency))
        return median

    def single(self, model, peer):
        """A call that gives the median time of one row, in ns."""
        address = lambda call: ctypes.cast(call, ctypes.c_void_p)
        if peer == "onnx":
            return self.single_onnx(model)
        median, context, keep = self.loop(), None, None
        if peer == "lightgbm":
            from lightgbm.basic import _LIB, _safe_call
            keep, context = self.lightgbm(), ctypes.c_void_p()
            _safe_call(_LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                keep._handle, ctypes.c_int(0), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(1),
                ctypes.c_int32(self.rows.shape[1]), ctypes.c_char_p(b"num_threads=1"), ctypes.byref(context)))
            kind, call = 1, address(_LIB.LGBM_BoosterPredictForMatSingleRowFast)
        elif peer == "tl2cgen":
            keep = ctypes.CDLL(self.path(f"{model}_tl2cgen.so"))
            keep.get_threshold_type.restype = ctypes.c_char_p
            kind, call = (2 if keep.get_threshold_type() == b"float64" else 3), address(keep.predict)
        else:
            keep = self.lleaves()
            kind, call = 4, address(keep._c_entry_func)
        return lambda keep=keep: median(kind, call, context) - median(0, None, None)

    def single_onnx(self, model):
        from onnx import TensorProto, helper
        empty = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "empty",
                                  [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, self.x.shape[1]])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, self.x.shape[1]])])
        empty = helper.make_model(empty, opset_imports=[helper.make_opsetid("", 15)], ir_version=8).SerializeToString()
        sessions = [self.onnx(model, 1), self.onnx(empty, 1)]
        rows = [self.rows[at:at + 1].astype(np.float32) for at in range(2000)]

        def median(session):
            name, outputs = session.get_inputs()[0].name, [session.get_outputs()[0].name]
            times = []
            for row in rows:
                started = time.perf_counter_ns()
                session.run(outputs, {name: row})
                times.append(time.perf_counter_ns() - started)
            return statistics.median(times)
        return lambda: median(sessions[0]) - median(sessions[1])


def ours(a, model, mode, threads):
    command = [a.program, "predict", "--data", a.data, "--model", model, "--mode", mode, "--threads", str(threads),
               "--repeats", "1" if mode == "batch" else "3", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(a, peers, model, mode, threads):
    calls = {}
    for peer in PEERS[model, mode]:
        calls[peer] = peers.single(model, peer) if mode == "single" else peers.batch(model, peer, threads)
        calls[peer]()
    times = {name: [] for name in ["adsml", *calls]}
    for _ in range(a.runs):
        line = ours(a, model, mode, threads)
        times["adsml"].append(line["p50_ns"])
        for peer, call in calls.items():
            started = time.perf_counter_ns()
            result = call()
            wall = time.perf_counter_ns() - started
            times[peer].append(result if mode == "single" else wall / len(peers.x))
    medians = {name: statistics.median(of) for name, of in times.items()}
    best = min(calls, key=medians.get)
    return {"bench": "compare_predict", "model": model, "mode": mode, "threads": threads, "runs": a.runs,
            "max_ulp_to_peer": line.get("max_ulp_to_peer"), "p50_ns": {name: round(value, 1) for name, value in medians.items()},
            "min_ns": {name: round(min(of), 1) for name, of in times.items()},
            "ratio": {peer: round(medians["adsml"] / medians[peer], 3) for peer in calls},
            "best": best, "ratio_to_best": round(medians["adsml"] / medians[best], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--mode", default="single,batch")
    parser.add_argument("--model", default="lgbm,xgb,symmetric")
    parser.add_argument("--program", default=os.path.join(ROOT, "target", "release", "side_by_side"))
    parser.add_argument("--prepare-only", action="store_true")
    a = parser.parse_args()
    peers = Peers(a.data)
    peers.train()
    if a.prepare_only:
        return
    for mode in a.mode.split(","):
        for model in a.model.split(","):
            if (model, mode) in PEERS:
                for threads in [1] if mode == "single" else [int(n) for n in a.threads.split(",")]:
                    print(json.dumps(compare(a, peers, model, mode, threads)), flush=True)


if __name__ == "__main__":
    main()
