/** What running a question's shared beginning once is worth: HellaSwag scored both ways, taking turns. */
import { Engine } from '../src/engine/engine.js'
import type { DropRule } from '../src/engine/rules.js'
import { tokensRun } from '../src/eval/plan.js'
import { prepareRun } from '../src/eval/prepare-run.js'
import { scoreRequests } from '../src/eval/score.js'
import type { RunDevice } from '../src/run/open-model.js'

export interface SharingBench {
  policy: DropRule['kind']
  documents: number
  requests: number
  /** Token positions run, shared and not. */
  tokens: { shared: number; unshared: number }
  /** Requests per second, best of the repetitions. */
  requestsPerSecond: { shared: number; unshared: number }
  /** Throughput shared over unshared: the median of the pairs, and every pair. */
  speedup: number
  pairs: number[]
  /** Largest difference of a request's log-probability between the two ways. */
  largestDifference: number
}

const LIMITS = { tokens: 2048, requests: Number.POSITIVE_INFINITY }

export async function benchSharing(
  { device, lost, adapter }: RunDevice,
  rule: DropRule,
  { documents = 40, repetitions = 5 } = {},
): Promise<SharingBench> {
  const prepared = await prepareRun({
    suites: ['hellaswag'],
    data: 'sample',
    dtype: 'auto',
    limit: documents,
    seed: 1234,
  })
  const { checkpoint, dtype, tasks } = prepared
  const { requests } = tasks[0]
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, { device, lost, adapter, dtype })
  const score = async (share: boolean): Promise<{ seconds: number; logprobs: number[] }> => {
    const logprobs: number[] = []
    const began = performance.now()
    for await (const batch of scoreRequests(engine, requests, { rule, limits: LIMITS, share })) {
      for (const { score } of batch) logprobs.push(score.logprob)
    }
    return { seconds: (performance.now() - began) / 1000, logprobs }
  }
  try {
    const [warmShared, warmUnshared] = [await score(true), await score(false)]
    const runs: { shared: number; unshared: number }[] = []
    for (let i = 0; i < repetitions; i++) {
      runs.push({ shared: (await score(true)).seconds, unshared: (await score(false)).seconds })
    }
    const best = (way: 'shared' | 'unshared') => requests.length / Math.min(...runs.map((run) => run[way]))
    const pairs = runs.map(({ shared, unshared }) => unshared / shared)
    return {
      policy: rule.kind,
      documents,
      requests: requests.length,
      tokens: {
        shared: tokensRun(requests, { limits: LIMITS, share: true }),
        unshared: tokensRun(requests, { limits: LIMITS, share: false }),
      },
      requestsPerSecond: { shared: best('shared'), unshared: best('unshared') },
      speedup: [...pairs].sort((a, b) => a - b)[Math.floor(pairs.length / 2)],
      pairs,
      largestDifference: Math.max(
        ...warmShared.logprobs.map((value, i) => Math.abs(value - warmUnshared.logprobs[i])),
      ),
    }
  } finally {
    engine.close()
  }
}
