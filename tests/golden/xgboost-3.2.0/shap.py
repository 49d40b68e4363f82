"""What XGBoost 3.2.0 says its features and pairs of them contribute (`pred_contribs`, `pred_interactions`), of the models in
exchange/ and their first rows.

    python shap.py             # of the stored models; writes shap.json beside this script
    python shap.py DIR/xgboost-3.2.0    # of others that exchange.py made: ADSML_EXCHANGE_DIR=DIR cargo test

By name of the model: contributions and interactions of every row and output, the base last, as bits of f32 in hexadecimal, 8
digits each.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

assert xgb.__version__ == "3.2.0", xgb.__version__
HERE = Path(__file__).parent
MODELS, OUT = (HERE / "exchange", HERE) if len(sys.argv) == 1 else (Path(sys.argv[1]),) * 2
ROWS = 5


def bits(values):
    return "".join(f"{v:08x}" for v in np.ravel(values).astype(np.float32).view(np.uint32))


def numbers(text):
    return [struct.unpack("<d", struct.pack("<Q", int(text[at : at + 16], 16)))[0] for at in range(0, len(text), 16)]


cases = {}
for path in sorted(MODELS.glob("*.case")):
    case = json.loads(path.read_text())
    booster = xgb.Booster(model_file=path.with_suffix(".ubj"))
    rows = np.array(numbers(case["rows"])).reshape(-1, case["n_features"])[:ROWS]
    data = xgb.DMatrix(rows, feature_types=booster.feature_types, feature_names=booster.feature_names, enable_categorical=True)
    contributions = booster.predict(data, pred_contribs=True, strict_shape=True)
    interactions = booster.predict(data, pred_interactions=True, strict_shape=True)
    cases[path.stem] = {"contributions": bits(contributions), "interactions": bits(interactions)}
(OUT / "shap.json").write_text(json.dumps(cases, indent=0) + "\n")
