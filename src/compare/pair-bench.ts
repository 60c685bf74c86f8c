/** Two records of `asp bench` -> pairs: speeds by round, over the dense run of the same round, and bytes of the cache. Pure. */
import type {
  BenchCache,
  BenchConfiguration,
  BenchRecord,
  BenchResult,
  BenchSample,
} from '../record/bench/schema.js'
import type { From } from '../record/io/records.js'
import type { Field } from '../record/same-run.js'
import { mean } from '../stats/basics.js'
import { checkComparable } from './comparable.js'
import type { Pair, Paired } from './pairs.js'
import { matchPoints, type Point } from './points.js'

/** Times of two machines are not to be compared, nor what two texts leave in a cache. */
const FIELDS: readonly Field<BenchRecord>[] = [
  { name: 'status', of: ({ status }) => status },
  { name: 'adapter', of: ({ environment }) => environment.adapter.name },
  { name: 'cpu', of: ({ environment }) => environment.cpu },
  { name: 'clock', of: ({ method }) => method.clock },
  {
    name: 'data',
    of: ({ data }) => data.sha256,
    shown: ({ data }) => `${data.source}, ${data.tokens} tokens`,
  },
  { name: 'steps per submission', of: ({ method }) => method.steps_per_submission },
  { name: 'prefill chunk', of: ({ method }) => method.prefill_chunk },
]

export function pairBench(base: From<BenchRecord>, other: From<BenchRecord>): Paired {
  const hint = 'compare runs of asp bench of one command on one machine'
  checkComparable(FIELDS, base, other, hint)
  const { matched, notes } = matchPoints(resultsOf(base.record), resultsOf(other.record))
  return {
    pairs: matched.flatMap((one) => pairResult(one.name, one.base, one.other)),
    notes: notes.map((note) => `${other.file}: ${note}`),
  }
}

/** What a test of a configuration came to. */
interface Measured {
  result: BenchResult
  /** Tokens/s, and tokens/s over the dense run's of the same round. */
  speed: Rounds
  speedup: Rounds
}

/** Logarithms by round; the figure of the record, and the logarithm of what identical runs differ by. */
interface Rounds {
  logs: number[]
  figure: number | undefined
  floor: number | null
}

/** Points of equal name are the same test of the same configuration. */
function resultsOf(record: BenchRecord): Point<Measured>[] {
  const { configurations, results } = record
  return results
    .filter(({ status }) => status === 'measured')
    .map((result) => {
      const configuration = configurations[result.configuration]
      const dense = results.find(
        (one) => one.configuration === configuration.baseline && one.test === result.test,
      )
      return { ...nameOf(configuration, result.test), value: measuredOf(result, dense, record.method.clock) }
    })
}

function measuredOf(result: BenchResult, dense: BenchResult | undefined, clock: 'device' | 'host'): Measured {
  const seconds = (sample: BenchSample): number =>
    clock === 'device' && sample.device_s !== null ? sample.device_s : sample.host_s
  // Times taken as a difference may come out as nothing.
  const timed = (of: BenchResult | undefined): { round: number; speed: number }[] =>
    (of?.samples ?? [])
      .filter((sample) => seconds(sample) > 0)
      .map((sample) => ({ round: sample.round, speed: Math.log((of?.tokens ?? 0) / seconds(sample)) }))
  const [own, base] = [timed(result), timed(dense)]
  const speedups = own.flatMap(({ round, speed }) => {
    const partner = base.find((one) => one.round === round)
    return partner === undefined ? [] : [speed - partner.speed]
  })
  const floors = [floorOf(result), dense === undefined ? null : floorOf(dense)]
  return {
    result,
    speed: { logs: own.map(({ speed }) => speed), figure: result.tokens_per_s?.median, floor: floors[0] },
    speedup: {
      logs: speedups,
      figure: result.speedup?.median,
      floor: floors.some((floor) => floor === null) ? null : Math.max(...floors.map(Number)),
    },
  }
}

const floorOf = ({ noise }: BenchResult): number | null =>
  noise?.floor == null ? null : Math.log1p(noise.floor)

/** Everything but the policy is the level at which two policies may be held against each other. */
function nameOf(configuration: BenchConfiguration, test: string): Omit<Point<unknown>, 'value'> {
  const { policy, sparsity, batch_asked, dtype, cache, cache_dtype, ctx } = configuration
  const level = sparsity === null ? [] : [String(sparsity)]
  // What is as usual goes without saying.
  const unusual = [
    ...(batch_asked === 1 ? [] : [`batch ${batch_asked}`]),
    ...(cache === 'paged' ? [] : [`${cache} cache`]),
    ...(cache_dtype === 'f32' ? [] : [`cache ${cache_dtype}`]),
  ]
  return { policy, sparsity: [...level, test, `ctx ${ctx}`, dtype, ...unusual].join(', ') }
}

function pairResult(task: string, base: Measured, other: Measured): Pair[] {
  const named = { cell: '', task, scale: 'ratio' } as const
  const rounds = (metric: string, of: (measured: Measured) => Rounds): Pair[] => {
    const [a, b] = [of(base), of(other)]
    if (a.figure === undefined || b.figure === undefined || a.logs.length * b.logs.length === 0) return []
    const data = { kind: 'rounds', base: a.logs, new: b.logs, floor: jointFloor(a.floor, b.floor) } as const
    return [{ ...named, metric, higherIsBetter: true, base: a.figure, new: b.figure, data }]
  }
  const amount = (metric: string, of: (cache: BenchCache) => number): Pair[] => {
    const [a, b] = [base.result.cache, other.result.cache]
    if (a === null || b === null) return []
    const data = { kind: 'amount' } as const
    return [{ ...named, metric, higherIsBetter: false, base: of(a), new: of(b), data }]
  }
  return [
    ...rounds('tokens_per_s', ({ speed }) => speed),
    ...rounds('speedup', ({ speedup }) => speedup),
    ...amount('cache_bytes', ({ live_bytes }) => live_bytes),
    ...amount('cache_peak_bytes', ({ peak_bytes }) => peak_bytes),
  ]
}

/** Each run may be off by its own floor; one that was not measured is taken to be the other's. */
function jointFloor(a: number | null, b: number | null): number | null {
  const known = [a, b].filter((floor) => floor !== null)
  return known.length === 0 ? null : 2 * mean(known)
}
