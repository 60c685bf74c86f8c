/** A benchmark's results as flat rows, one a test of a configuration: CSV and JSON lines for other programs. */

import type { BenchRecord, BenchResult, Figure } from '../record/bench/schema.js'
import { BENCH_STAGES } from '../record/names.js'
import { left, renderGrid } from './grid.js'

type Scalar = string | number | boolean | null
export type BenchRow = Record<string, Scalar>

/** Same keys, in the same order, in every row. */
export function benchRows(record: BenchRecord): BenchRow[] {
  return record.results.map((result) => rowOf(record, result))
}

export function benchJsonLines(record: BenchRecord): string {
  return benchRows(record)
    .map((row, i) => JSON.stringify({ ...row, samples: record.results[i].samples }))
    .join('\n')
}

/** With a line of names first; ends without a newline. */
export function benchCsv(record: BenchRecord): string {
  const rows = benchRows(record)
  const columns = Object.keys(rows[0] ?? {}).map((name) =>
    left<BenchRow>(name, (row) => String(row[name] ?? '')),
  )
  return renderGrid(columns, rows, { form: 'csv' })
}

function rowOf(
  { model, configurations, environment, method, date, status }: BenchRecord,
  result: BenchResult,
) {
  const configuration = configurations[result.configuration]
  const { cache, stages } = result
  return {
    build_commit: environment.commit,
    asp_version: environment.asp_version,
    adapter: environment.adapter.name,
    driver: environment.adapter.driver,
    cpu: environment.cpu,
    model: model.id,
    weights: model.source === 'random' ? 'random' : 'trained',
    model_parameters: model.parameters,
    test_time: new Date(1000 * date).toISOString(),
    run_status: status,
    test: result.test,
    n_prompt: result.prompt,
    n_gen: result.gen,
    n_depth: result.depth,
    ctx: configuration.ctx,
    policy: configuration.policy,
    drops: configuration.drops,
    sparsity: configuration.sparsity,
    threshold_shift: configuration.threshold_shift,
    size: configuration.sized?.size ?? null,
    batch: configuration.batch,
    dtype: configuration.dtype,
    cache: configuration.cache,
    cache_dtype: configuration.cache_dtype,
    status: result.status,
    reason: result.reason,
    needs_bytes: configuration.needs_bytes,
    has_bytes: configuration.has_bytes,
    repetitions: result.samples.length,
    clock: method.clock,
    ...figure('tokens_per_s', result.tokens_per_s),
    ...figure('host_tokens_per_s', result.host_tokens_per_s),
    ...figure('step_s', result.step_s),
    ...figure('first_token_s', result.first_token_s),
    ...figure('speedup', result.speedup),
    ...figure('cpu_speedup', result.cpu_speedup),
    confidence: result.tokens_per_s?.confidence ?? null,
    busy: result.busy,
    noise_floor: result.noise?.floor ?? null,
    cache_peak_bytes: cache?.peak_bytes ?? null,
    cache_allocated_bytes: cache?.allocated_bytes ?? null,
    cache_held_bytes: cache?.held_bytes ?? null,
    cache_live_bytes: cache?.live_bytes ?? null,
    live_ratio: cache?.live_ratio ?? null,
    dropped: cache?.dropped ?? null,
    host_rss_bytes: result.samples.at(-1)?.rss_bytes ?? null,
    ...Object.fromEntries(BENCH_STAGES.map((stage) => [`${stage}_s`, stages?.[stage] ?? null])),
    stage_tokens: result.stage_tokens,
  } satisfies BenchRow
}

const figure = (name: string, value: Figure | null): BenchRow => ({
  [name]: value?.median ?? null,
  [`${name}_low`]: value?.low ?? null,
  [`${name}_high`]: value?.high ?? null,
})
