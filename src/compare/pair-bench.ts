/** Two records of `asp bench` -> pairs: speeds by round, over the dense run of the same round, and bytes of the cache. Pure. */
import type { BenchConfiguration, BenchRecord, BenchResult, BenchSample } from '../record/bench-schema.js'
import { checkComparable, type Field, type From } from './comparable.js'
import type { Pair, Paired } from './pairs.js'

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
  checkComparable(
    FIELDS.map((field) => ({ hint, ...field })),
    base,
    other,
  )
  const [a, b] = [base, other].map(({ record }) => resultsOf(record))
  const lone = (of: Map<string, Measured>, than: Map<string, Measured>, where: string): string[] =>
    [...of.keys()]
      .filter((name) => !than.has(name))
      .map((name) => `${other.file}: ${name} is only in the ${where} record`)
  return {
    pairs: [...a].flatMap(([name, measured]) => {
      const partner = b.get(name)
      return partner === undefined ? [] : pairResult(name, measured, partner)
    }),
    notes: [...lone(a, b, 'base'), ...lone(b, a, 'new')],
  }
}

/** What a test of a configuration came to. */
interface Measured {
  result: BenchResult
  /** Logarithms of tokens/s, and of those over the dense run's of the same round. */
  speeds: number[]
  speedups: number[]
}

/** By a name that says all a configuration is. */
function resultsOf(record: BenchRecord): Map<string, Measured> {
  const { configurations, results, method } = record
  const seconds = (sample: BenchSample): number =>
    method.clock === 'device' && sample.device_s !== null ? sample.device_s : sample.host_s
  return new Map(
    results
      .filter(({ status }) => status === 'measured')
      .map((result) => {
        const configuration = configurations[result.configuration]
        const dense = results.find(
          (one) => one.configuration === configuration.baseline && one.test === result.test,
        )
        const speed = (of: BenchResult, sample: BenchSample): number => Math.log(of.tokens / seconds(sample))
        const measured = result.samples.filter((sample) => seconds(sample) > 0)
        const speedups = measured.flatMap((sample) => {
          const partner = dense?.samples.find(({ round }) => round === sample.round)
          if (dense === undefined || partner === undefined || !(seconds(partner) > 0)) return []
          return [speed(result, sample) - speed(dense, partner)]
        })
        const speeds = measured.map((sample) => speed(result, sample))
        return [`${result.test}, ${nameOf(configuration)}`, { result, speeds, speedups }]
      }),
  )
}

function nameOf({
  policy,
  sparsity,
  batch_asked,
  dtype,
  cache,
  cache_dtype,
  ctx,
}: BenchConfiguration): string {
  const level = sparsity === null ? policy : `${policy} ${sparsity}`
  return `${level}, ctx ${ctx}, batch ${batch_asked}, ${dtype}, ${cache} cache ${cache_dtype}`
}

function pairResult(task: string, base: Measured, other: Measured): Pair[] {
  const floor = null
  const rounds = (
    metric: string,
    a: readonly number[],
    b: readonly number[],
    figures: [number, number],
  ): Pair[] =>
    a.length === 0 || b.length === 0
      ? []
      : [
          {
            cell: '',
            task,
            metric,
            higherIsBetter: true,
            scale: 'ratio',
            base: figures[0],
            new: figures[1],
            data: { kind: 'rounds', base: a, new: b, floor },
          },
        ]
  const amount = (metric: string, a: number | undefined, b: number | undefined): Pair[] =>
    a === undefined || b === undefined
      ? []
      : [
          {
            cell: '',
            task,
            metric,
            higherIsBetter: false,
            scale: 'ratio',
            base: a,
            new: b,
            data: { kind: 'amount' },
          },
        ]
  const medians = (of: (result: BenchResult) => number | undefined): [number, number] => [
    of(base.result) ?? Number.NaN,
    of(other.result) ?? Number.NaN,
  ]
  return [
    ...rounds(
      'tokens_per_s',
      base.speeds,
      other.speeds,
      medians(({ tokens_per_s }) => tokens_per_s?.median),
    ),
    ...rounds(
      'speedup',
      base.speedups,
      other.speedups,
      medians(({ speedup }) => speedup?.median),
    ),
    ...amount('cache_bytes', base.result.cache?.live_bytes, other.result.cache?.live_bytes),
    ...amount('cache_peak_bytes', base.result.cache?.peak_bytes, other.result.cache?.peak_bytes),
  ]
}
