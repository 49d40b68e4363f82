"""What LightGBM 4.7.0 says its features contribute (`pred_contrib`), of the models in exchange/ and their first rows.

    python shap.py             # of the stored models; writes shap.json beside this script
    python shap.py DIR/lightgbm-4.7.0    # of others that exchange.py made: ADSML_EXCHANGE_DIR=DIR cargo test

By name of the model: contributions and, last, the base of every row and output, as bits of f64 in hexadecimal, 16 digits each.
Of an averaged forest, LightGBM gives those of the sum.
"""

import json
import struct
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np

assert lgb.__version__ == "4.7.0", lgb.__version__
HERE = Path(__file__).parent
MODELS, OUT = (HERE / "exchange", HERE) if len(sys.argv) == 1 else (Path(sys.argv[1]),) * 2
ROWS = 8


def bits(values):
    return "".join(f"{struct.unpack('<Q', struct.pack('<d', float(v)))[0]:016x}" for v in np.ravel(values))


def numbers(text):
    return [struct.unpack("<d", struct.pack("<Q", int(text[at : at + 16], 16)))[0] for at in range(0, len(text), 16)]


cases = {}
for path in sorted(MODELS.glob("*.txt")):
    case = json.loads(path.with_suffix(".json").read_text())
    rows = np.array(numbers(case["rows"])).reshape(-1, case["n_features"])[:ROWS]
    cases[path.stem] = bits(lgb.Booster(model_file=path).predict(rows, pred_contrib=True, num_threads=1))
(OUT / "shap.json").write_text(json.dumps(cases, indent=0) + "\n")
