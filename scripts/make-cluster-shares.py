#!/usr/bin/env python3
"""Shares of tokens out of windows with cluster-robust standard errors and intervals, as statsmodels computes them.

    python scripts/make-cluster-shares.py > test/fixtures/drops/cluster-shares.json

Needs `statsmodels`. The standard error is that of the constant of a least-squares fit to the single tokens (1 where counted),
clustered by window; with one coefficient, statsmodels' small-sample factor is k / (k - 1). The interval is
`proportion_confint(method="wilson")` at the effective number of tokens (src/drops/cluster-share.ts).
"""

import json

import numpy as np
import statsmodels.api as sm
from scipy.stats import norm, t
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20230524)
cases = []
for windows, rate, spread in [(2, 0.5, 20.0), (5, 0.2, 4.0), (12, 0.8, 4.0), (32, 0.02, 20.0), (32, 0.3, 1e6)]:
    of = rng.integers(1, 60, windows)
    chance = rng.beta(rate * spread, (1 - rate) * spread, windows)
    count = rng.binomial(of, chance)
    tokens = np.concatenate([np.repeat([1.0, 0.0], [c, n - c]) for n, c in zip(of, count)])
    groups = np.repeat(np.arange(windows), of)
    fit = sm.OLS(tokens, np.ones_like(tokens)).fit(cov_type="cluster", cov_kwds={"groups": groups})
    share, error = float(fit.params[0]), float(fit.bse[0])
    few = (norm.ppf(0.975) / t.ppf(0.975, windows - 1)) ** 2
    effective = min(len(tokens), few * share * (1 - share) / error**2)
    low, high = proportion_confint(share * effective, effective, method="wilson")
    cases.append(
        {
            "windows": [{"of": int(n), "count": int(c)} for n, c in zip(of, count)],
            "share": share,
            "low": float(low),
            "high": float(high),
        }
    )
print(json.dumps(cases, indent=1))
