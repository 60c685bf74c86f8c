/** Requests -> their scores: batches on the device, two at a time. */
import { causalPairs, countLayerDrops } from '../engine/drops.js'
import type { BatchResult, Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { pipelined } from '../run/batches.js'
import type { BusyClock } from '../run/busy-clock.js'
import { finiteSum } from '../run/finite.js'
import type { Request } from '../suites/request.js'
import type { Score } from '../suites/score.js'
import { type BatchLimits, type PlannedBatch, planBatches } from './plan.js'

export interface Scored {
  request: Request
  score: Score
}

export interface ScoreOptions {
  rule: DropRule
  limits: BatchLimits
  /** Run what requests of one document share only once (the default). */
  share?: boolean
  /** Whose requests they are, for messages. */
  suite?: string
  /** No further batch is started once this is aborted; those under way may be given up with its reason. */
  signal?: AbortSignal
  /** Told of the time the device worked. */
  busy?: BusyClock
}

/**
 * Scores requests in order, a batch's worth at a time.
 * @throws Failure (exit 1) naming the first request that has a log-probability which is NaN or infinite
 */
export async function* scoreRequests(
  engine: Engine,
  requests: readonly Request[],
  { rule, limits, share = true, suite, signal, busy }: ScoreOptions,
): AsyncGenerator<Scored[]> {
  const tokens = Math.min(limits.tokens, engine.maxRows)
  const plan = planBatches(requests, { limits: { ...limits, tokens }, tiles: engine.tiles, share })
  const start = ({ batch }: PlannedBatch): Promise<BatchResult> => engine.score(batch, rule)
  for await (const { batch, result } of pipelined(plan, start, signal)) {
    busy?.add(result.seconds)
    yield collect(batch, result, engine.config.nLayer, suite)
  }
}

function collect(
  { requests }: PlannedBatch,
  result: BatchResult,
  layers: number,
  suite: string | undefined,
): Scored[] {
  return requests.map(({ request, segment, firstTarget }) => {
    const end = firstTarget + request.targets.length
    const n = request.input.length
    const drops =
      result.deaths === null
        ? {
            removed: new Array<number>(layers).fill(0),
            kept: new Array<number>(layers).fill(n),
            peak: layers * n,
          }
        : countLayerDrops(result.deaths, segment)
    const logprobs = result.logprobs.subarray(firstTarget, end)
    return {
      request,
      score: {
        logprob: finiteSum(logprobs, () => nameOf(request, suite)),
        greedy: result.greedy.subarray(firstTarget, end).every((flag) => flag === 1),
        pairs: causalPairs(n),
        ...drops,
      },
    }
  })
}

const nameOf = ({ doc, index }: Request, suite: string | undefined): string =>
  `${suite === undefined ? '' : `${suite}: `}document ${doc}, request ${index}`
