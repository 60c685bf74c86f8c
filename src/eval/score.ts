/** Requests -> their scores: batches on the device, two at a time. */
import { causalPairs, countLayerDrops } from '../engine/drops.js'
import type { BatchResult, Engine } from '../engine/engine.js'
import type { DropRule } from '../engine/rules.js'
import { isAbort } from '../errors.js'
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

/** Batches on the device while the host reads earlier ones and prepares later ones. */
const IN_FLIGHT = 2

/** Scores requests in order, a batch's worth at a time. */
export async function* scoreRequests(
  engine: Engine,
  requests: readonly Request[],
  { rule, limits, share = true, signal, busy }: ScoreOptions,
): AsyncGenerator<Scored[]> {
  const tokens = Math.min(limits.tokens, engine.maxRows)
  const plan = planBatches(requests, { limits: { ...limits, tokens }, tiles: engine.tiles, share })
  const flying: { planned: PlannedBatch; result: Promise<BatchResult> }[] = []
  const land = async (): Promise<Scored[]> => {
    const next = flying.shift()
    if (next === undefined) return []
    const result = await next.result
    busy?.add(result.seconds)
    return collect(next.planned, result, engine.config.nLayer)
  }
  try {
    for (const planned of plan) {
      if (signal?.aborted) break
      const result = engine.score(planned.batch, rule)
      result.catch(() => {})
      flying.push({ planned, result })
      if (flying.length >= IN_FLIGHT) yield await land()
    }
    while (flying.length > 0) yield await land()
  } catch (error) {
    // Batches that were given up count for nothing; those before them do.
    if (!isAbort(error, signal)) throw error
  } finally {
    await Promise.allSettled(flying.map(({ result }) => result))
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
