"""Values that test/stats holds asp's statistics to, computed by scipy and statsmodels.

    pip install scipy==1.17.1 statsmodels==0.15.0 && python scripts/make-stats-golden.py > test/fixtures/stats.json
"""

import json
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from scipy.special import xlogy
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

rng = np.random.default_rng(7)

normal = [[z, stats.norm.cdf(z)] for z in [-9, -4.5, -3, -1.3, 0, 0.2, 1.96, 2.9999, 3.0001, 6]]
normal_quantile = [[p, stats.norm.ppf(p)] for p in [1e-9, 0.001, 0.025, 0.5, 0.8, 0.975, 0.9999]]
student = [[t, df, stats.t.cdf(t, df)] for df in [1, 2, 4, 9, 30.5, 199, 10041] for t in [-7, -1.2, 0, 0.4, 2.1, 12]]
student_quantile = [[p, df, stats.t.ppf(p, df)] for df in [1, 4, 8, 199, 10041] for p in [0.0005, 0.025, 0.8, 0.975]]
binomial = [
    [k, n, p, stats.binom.cdf(k, n, p)]
    for n, p in [(1, 0.5), (6, 0.5), (20, 0.3), (500, 0.5), (3000, 0.47)]
    for k in sorted({0, 1, n // 4, n // 2, n - 1})
    if k < n
]

mcnemar_two = [
    [gained, lost, mcnemar([[10, gained], [lost, 10]], exact=True).pvalue]
    for gained, lost in [(0, 0), (0, 5), (0, 6), (1, 0), (3, 14), (14, 3), (40, 41), (210, 160), (1, 30), (700, 820)]
]

def tango(gained, lost, n, level):
    """Tango's interval by its definition: every difference that the score test does not refuse."""
    z = stats.norm.ppf(0.5 + level / 2)

    def score(delta):
        # The most likely share of losses q where that of gains is q + delta, found by looking for it.
        def unlikely(q):
            return -(xlogy(gained, q + delta) + xlogy(lost, q) + xlogy(n - gained - lost, 1 - 2 * q - delta))

        least, most = max(0, -delta), (1 - delta) / 2
        q = minimize_scalar(unlikely, bounds=(least, most), method="bounded", options={"xatol": 1e-13}).x
        return (gained - lost - n * delta) / np.sqrt(n * (2 * q + delta * (1 - delta)))

    estimate = (gained - lost) / n
    low = brentq(lambda d: score(d) - z, -1 + 1e-6, estimate, xtol=1e-13)
    high = brentq(lambda d: score(d) + z, estimate, 1 - 1e-6, xtol=1e-13)
    return [low, high]


tango_cases = [[g, l, n, *tango(g, l, n, 0.95)] for g, l, n in [(1, 0, 44), (3, 14, 200), (40, 41, 1000), (0, 8, 50), (210, 160, 10042)]]

p_values = [
    [0.01, 0.04, 0.03, 0.005],
    [0.2],
    [0.5, 0.5, 0.9, 1.0],
    sorted(rng.uniform(size=12).round(4).tolist(), key=lambda x: (x * 7) % 1),
]
holm = [[p, multipletests(p, method="holm")[1].tolist()] for p in p_values]

t_data = [rng.normal(0.1, 1, 12).round(6).tolist(), rng.gamma(2, 1, 40).round(6).tolist()]
paired_t = []
for values in t_data:
    result = stats.ttest_1samp(values, 0)
    interval = result.confidence_interval(0.95)
    paired_t.append([values, result.pvalue, interval.low, interval.high, stats.sem(values)])

def studentised(values, weights, resamples):
    """Bootstrap-t interval of sum(values) / sum(weights), all replicates at once."""
    values, weights = np.array(values), np.array(weights)
    n = len(values)

    def error(v, w):
        ratio = v.sum(-1, keepdims=True) / w.sum(-1, keepdims=True)
        return np.sqrt(n / (n - 1) * ((v - ratio * w) ** 2).sum(-1)) / w.sum(-1)

    ratio = values.sum() / weights.sum()
    t = []
    for _ in range(resamples // 2000):
        picks = rng.integers(n, size=(2000, n))
        v, w = values[picks], weights[picks]
        t.append((v.sum(-1) / w.sum(-1) - ratio) / error(v, w))
    low, high = np.quantile(np.concatenate(t), [0.025, 0.975])
    stderr = error(values, weights)
    return [ratio - high * stderr, ratio - low * stderr, stderr]


bootstrap = []
for values in t_data + [rng.standard_t(4, 150).round(6).tolist()]:
    for weights in [np.ones(len(values)).tolist(), rng.integers(20, 900, len(values)).tolist()]:
        bootstrap.append([values, weights, *studentised(values, weights, 200_000)])

power = [
    [effect, df, alpha, TTestPower().power(effect / np.sqrt(df + 1), df + 1, alpha)]
    for df in [1, 4, 8, 199, 5000]
    for effect, alpha in [(0.5, 0.05), (2.0, 0.05), (3.5, 0.05), (3.0, 0.005)]
]

def detectable_t(df, alpha):
    """Where the power is 0.8, by bisection: solve_power meets numbers that nct.sf cannot give."""
    critical = stats.t.ppf(1 - alpha / 2, df)
    low, high = 0.0, 10.0
    while high - low > 1e-12:
        middle = (low + high) / 2
        missed = stats.nct.cdf(critical, df, middle) - np.nan_to_num(stats.nct.cdf(-critical, df, middle))
        low, high = (middle, high) if missed > 0.2 else (low, middle)
    return low


def detectable_share(m, n, alpha, wanted):
    """By looking through all splits: the smallest tilt at which splits that the exact test calls different have the power."""
    refused = [k for k in range(m + 1) if mcnemar([[0, k], [m - k, 0]], exact=True).pvalue <= alpha]
    if not refused:
        return None
    tilts = np.linspace(0.5, 0, 200_001)
    power = np.zeros_like(tilts)
    for k in refused:
        power += stats.binom.pmf(k, m, tilts)
    return float((1 - 2 * tilts[np.argmax(power >= wanted)]) * m / n)


detectable = [[m, n, alpha, detectable_share(m, n, alpha, 0.8)] for m, n, alpha in [(5, 200, 0.05), (6, 200, 0.05), (30, 200, 0.05), (30, 200, 0.005), (400, 10042, 0.05)]]

json.dump(
    {
        "made_with": f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}",
        "normal": normal,
        "normal_quantile": normal_quantile,
        "student": student,
        "student_quantile": student_quantile,
        "binomial": binomial,
        "mcnemar": mcnemar_two,
        "tango": tango_cases,
        "holm": holm,
        "paired_t": paired_t,
        "bootstrap": bootstrap,
        "t_power": power,
        "detectable_t": [[df, alpha, detectable_t(df, alpha)] for df in [4, 8, 199, 5000] for alpha in [0.05, 0.005]],
        "detectable_share": detectable,
    },
    sys.stdout,
    default=float,
)
