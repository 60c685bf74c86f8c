"""Standard errors over clusters that test/stats holds asp's to: by statsmodels, and by Miller's formula written out as a double sum.

    pip install numpy statsmodels==0.15.0 && python scripts/make-cluster-errors.py > test/fixtures/cluster-errors.json

Each case: values of units and their clusters; the error of the mean by statsmodels' OLS on a constant with cov_type='cluster'
(CR1), and by Miller (2024), Adding Error Bars to Evals: sqrt(SE^2 + sum over clusters and i != j in one of
(s_i - mean)(s_j - mean) / n^2), SE the ordinary error. And of groups: means, weights, and the error with each mean a cluster, by
statsmodels' WLS on the means.
"""

import json

import numpy as np
import statsmodels
import statsmodels.api as sm

rng = np.random.default_rng(16)


def by_statsmodels(values, clusters, weights=None):
    ones = np.ones((len(values), 1))
    model = sm.OLS(values, ones) if weights is None else sm.WLS(values, ones, weights=weights)
    return float(model.fit(cov_type="cluster", cov_kwds={"groups": clusters}).bse[0])


def by_miller(values, clusters):
    n, mean = len(values), values.mean()
    cross = sum(
        (values[i] - mean) * (values[j] - mean)
        for i in range(n)
        for j in range(n)
        if i != j and clusters[i] == clusters[j]
    )
    return float(np.sqrt(values.var(ddof=1) / n + cross / n**2))


def case(values, clusters):
    values, clusters = np.asarray(values, float), np.asarray(clusters)
    return {
        "values": values.tolist(),
        "clusters": [int(c) for c in clusters],
        "cr1": by_statsmodels(values, clusters),
        "miller": by_miller(values, clusters),
        "ordinary": float(values.std(ddof=1) / np.sqrt(len(values))),
    }


def drawn(sizes, share):
    """Right or wrong, a cluster's documents alike: each cluster has its own chance to be right."""
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    chances = rng.beta(share, 1, len(sizes))
    return (rng.random(len(clusters)) < chances[clusters]).astype(float), clusters


groups = [([0.5, 0.75, 0.9, 0.2], [1, 1, 1, 1]), ([0.5, 0.75, 0.9, 0.2, 1.0], [10, 200, 30, 7, 1])]
out = {
    "versions": {"numpy": np.__version__, "statsmodels": statsmodels.__version__},
    "cases": [
        case([1, 1, 0, 0, 1, 0], [0, 0, 1, 1, 2, 2]),
        case([1, 0, 1, 1, 0], [0, 1, 2, 3, 4]),
        case([1, 1, 1, 0, 0, 0, 1], [0, 0, 0, 1, 1, 2, 3]),
        case(*drawn([1, 2, 3, 5, 8, 13, 21], 1.5)),
        case(*drawn([4] * 25, 0.7)),
        case(rng.normal(-40, 6, 30), rng.integers(0, 9, 30)),
        case([1, 0, -1, 0, 1, 1, 0, 0, 0, -1], [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]),
    ],
    "groups": [
        {"means": means, "weights": weights, "cr1": by_statsmodels(np.array(means), np.arange(len(means)), np.array(weights, float))}
        for means, weights in groups
    ],
}
print(json.dumps(out, separators=(",", ":")))
