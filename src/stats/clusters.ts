/**
 * Units that come in clusters, such as questions about one passage: those of one cluster err together, so clusters and not units are
 * what was drawn independently. With e_i the residual of unit i (for a mean, s_i - mean) and G clusters,
 *
 *   SE = sqrt(G / (G - 1) * sum over clusters of (sum of e_i in the cluster)^2) / n
 *
 * that is the clustered error of Miller (2024), Adding Error Bars to Evals, with the factor G / (G - 1) for few clusters (CR1;
 * statsmodels' cov_type='cluster'). Where each cluster is one unit it is the ordinary error. docs/suites.md, Clusters. Pure.
 */
import { sum } from './basics.js'
import { ratioStandardError, type Weighted } from './paired.js'

/** One value and one weight a cluster: residuals of a ratio of sums add up, so these stand for the units. In the order met. */
export function clusterSums({ values, weights }: Weighted, clusters: readonly string[]): Weighted {
  const places = new Map<string, number>()
  const sums = { values: [] as number[], weights: [] as number[] }
  for (const [i, cluster] of clusters.entries()) {
    const place = places.get(cluster) ?? places.size
    places.set(cluster, place)
    sums.values[place] = (sums.values[place] ?? 0) + values[i]
    sums.weights[place] = (sums.weights[place] ?? 0) + weights[i]
  }
  return sums
}

/** Of a mean; null where there are fewer than two clusters, which tell nothing of how clusters differ. */
export function clusteredStandardError(
  values: readonly number[],
  clusters: readonly string[],
): number | null {
  const sums = clusterSums({ values, weights: values.map(() => 1) }, clusters)
  return sums.values.length < 2 ? null : ratioStandardError(sums)
}

/** Of a mean of means, the i-th of which counts `weights[i]` (its documents, or 1): each is a cluster. */
export function clusteredGroupError(means: readonly number[], weights: readonly number[]): number | null {
  if (means.length < 2 || !Number.isFinite(sum(means))) return null
  return ratioStandardError({ values: means.map((mean, i) => mean * weights[i]), weights })
}

/**
 * A cluster's name for each unit, those without one being alone; undefined where no two units share one, as then all is as without.
 */
export function sharedClusters(names: readonly (string | null | undefined)[]): string[] | undefined {
  const all = names.map((name, i) => name ?? `alone ${i}`)
  return new Set(all).size < all.length ? all : undefined
}
