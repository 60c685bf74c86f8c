/** Requests -> their scores: batches on the device, two at a time. */
import { causalPairs, countLayerDrops } from '../engine/drops.js'
import type { BatchResult, Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { pipelined } from '../run/batches.js'
import type { BusyClock } from '../run/busy-clock.js'
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
  /** No further batch is started once this is aborted; those under way may be given up with its reason. */
  signal?: AbortSignal
  /** Told of the time the device worked. */
  busy?: BusyClock
}

/** Scores requests in order, a batch's worth at a time. */
export async function* scoreRequests(
  engine: Engine,
  requests: readonly Request[],
  { rule, limits, share = true, signal, busy }: ScoreOptions,
): AsyncGenerator<Scored[]> {
  const tokens = Math.min(limits.tokens, engine.maxRows)
  const plan = planBatches(requests, { limits: { ...limits, tokens }, tiles: engine.tiles, share })
  const start = ({ batch }: PlannedBatch): Promise<BatchResult> => engine.score(batch, rule)
  for await (const { batch, result } of pipelined(plan, start, signal)) {
    busy?.add(result.seconds)
    yield collect(batch, result, engine.config.nLayer)
  }
}

function collect({ requests }: PlannedBatch, result: BatchResult, layers: number): Scored[] {
  return requests.map(({ request, segment, firstTarget }) => {
    const end = firstTarget + request.targets.length
    const n = request.input.length
    const drops =
      result.deaths === null
        ? { removed: new Array<number>(layers).fill(0), kept: new Array<number>(layers).fill(n) }
        : countLayerDrops(result.deaths, segment)
    return {
      request,
      score: {
        logprob: result.logprobs.subarray(firstTarget, end).reduce((sum, value) => sum + value, 0),
        greedy: result.greedy.subarray(firstTarget, end).every((flag) => flag === 1),
        pairs: causalPairs(n),
        ...drops,
      },
    }
  })
}
