"""The model and the rows that `score_lightgbm_model` has at hand: python ads_lightgbm.py (LightGBM 4.7.0, pandas).

Simulated ads: the chance of a click per impression, from the bid, the hour, where the ad is shown and to whom. Rates come with
their impressions as weights.
"""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

assert lgb.__version__ == "4.7.0", lgb.__version__
rng = np.random.default_rng(7)
n = 4000
placements, ages = ["feed", "story", "reels", "search"], ["18-24", "25-34", "35-54", "55+"]
ads = pd.DataFrame(
    {
        "placement": pd.Categorical(rng.choice(placements, n)),
        "age": pd.Categorical(rng.choice(ages, n)),
        "hour": rng.integers(0, 24, n),
        "bid": np.round(rng.gamma(4, 0.3, n), 2),
        "is_video": rng.integers(0, 2, n),
        "days_running": rng.integers(0, 60, n),
    }
)
ads.loc[rng.random(n) < 0.1, "bid"] = np.nan
score = (
    -4.4
    + ads.placement.map({"feed": 0.0, "story": -0.3, "reels": 0.4, "search": 0.9}).astype(float)
    + np.where((ads.placement == "reels") & (ads.age == "18-24"), 0.6, 0.0)
    + 0.3 * np.sin((ads.hour - 14) / 24 * 2 * np.pi)
    + 0.2 * ads.bid.fillna(1.2)
    + 0.25 * ads.is_video
    - 0.012 * ads.days_running
)
impressions = rng.integers(500, 5000, n)
rate = rng.binomial(impressions, 1 / (1 + np.exp(-score))) / impressions
params = {"objective": "cross_entropy", "num_leaves": 6, "learning_rate": 0.15, "verbose": -1, "num_threads": 1}
booster = lgb.train(params, lgb.Dataset(ads[:3970], rate[:3970], weight=impressions[:3970]), 30)
here = Path(__file__).parent
(here / "ads_lightgbm.txt").write_text(booster.model_to_string())
ads[3970:].assign(impressions=impressions[3970:]).to_csv(here / "ads_to_score.csv", index=False)
