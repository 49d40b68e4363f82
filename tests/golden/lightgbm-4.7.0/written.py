"""What LightGBM 4.7.0 predicts with models that adsml wrote as its text.

    ADSML_WRITE_MODELS=DIR cargo test -p adsml-models --test exchange
    python written.py DIR          # those of DIR are copied to written/, with NAME.json of each

Rows and raw scores are bits of f64 in hexadecimal, 16 digits each. The last two of the four features are categories of 5 and
of 70 levels, with the number of levels as the code of one that is not known.
"""

import json
import re
import shutil
import struct
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

assert lgb.__version__ == "4.7.0", lgb.__version__
OUT = Path(__file__).parent / "written"


def bits(values):
    return "".join(f"{struct.unpack('<Q', struct.pack('<d', float(v)))[0]:016x}" for v in np.ravel(values))


rng = np.random.default_rng(1)
OUT.mkdir(exist_ok=True)
for path in sorted(Path(sys.argv[1]).glob("*.txt")):
    text = path.read_text()
    features = [int(f) for line in re.findall(r"^split_feature=(.*)$", text, re.M) for f in line.split()]
    thresholds = [float(t) for line in re.findall(r"^threshold=(.*)$", text, re.M) for t in line.split()]
    rows = np.stack([rng.normal(size=80), rng.integers(0, 24, 80), rng.integers(0, 6, 80), rng.integers(0, 71, 80)], axis=1)
    rows = rows.astype(float)
    for feature in (0, 1):
        odd = [0.0, -0.0, np.inf, -np.inf, 1e300]
        odd += [v for f, t in zip(features, thresholds) if f == feature for v in (t, np.nextafter(t, np.inf), np.nextafter(t, -np.inf))]
        at = rng.random(80) < 0.6
        rows[at, feature] = rng.choice(odd, at.sum())
    rows[rng.random(rows.shape) < 0.2] = np.nan
    booster = lgb.Booster(model_str=text)
    raw = booster.predict(rows, raw_score=True)
    # Of an averaged forest, LightGBM's raw score is the sum.
    averaged = re.search(r"^average_output$", text, re.M)
    raw = booster.predict(rows) if averaged else raw
    contributions = booster.predict(rows[:5], pred_contrib=True)
    sums = contributions.reshape(5, -1, 5).sum(axis=2).ravel()
    rounds = booster.num_trees() // booster.num_model_per_iteration() if averaged else 1
    assert np.allclose(sums, np.ravel(raw)[: len(sums)] * rounds, atol=1e-6), path
    case = {"rows": bits(rows), "raw": bits(raw)}
    (OUT / path.with_suffix(".json").name).write_text(json.dumps(case, indent=0) + "\n")
    shutil.copy(path, OUT)
    shutil.copy(path.with_suffix(".model"), OUT)
