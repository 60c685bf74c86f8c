/** What a cell of a sweep costs at a context length: bytes of the cache, seconds of a step of decoding. Pure. */
import { sum } from '../../stats/basics.js'
import type { BenchRecord, BenchResult } from '../bench/schema.js'
import type { ModelRecord } from '../common.js'
import type { CacheSource } from '../names.js'
import type { PplRecord, RuleRecord } from '../ppl/schema.js'
import type { SweepCell } from './schema.js'

/** The records that costs are read from. */
export interface CostRecords {
  model: ModelRecord
  ppl: PplRecord | null
  bench: BenchRecord | null
}

/** Bytes of one sequence's cache, by where they are known from; null where they are not. */
export function cacheBytes(
  source: CacheSource,
  cell: SweepCell,
  { model, ppl, bench }: CostRecords,
  ctx: number | null,
): number | null {
  if (source === 'measured') return measuredBytes(bench, cell, ctx)
  const keys = source === 'windows' ? keysOfWindows(ppl, cell, ctx) : keysOfRequests(cell)
  return keys === null ? null : keys * keyBytes(model, cell)
}

/** Of one token in one layer, in f32: key and value, and what the adaptive policy keeps to decide by. */
function keyBytes({ config }: ModelRecord, { policy }: SweepCell): number {
  const interaction = policy === 'adaptive' ? (config.int_n_embd ?? 0) : 0
  return 4 * (2 * config.n_embd + interaction)
}

/** Keys that are alive at the end of a window of full length, all layers together. */
function keysOfWindows(ppl: PplRecord | null, cell: SweepCell, ctx: number | null): number | null {
  const rule = ruleOf(ppl, cell, ctx)
  if (ppl === null || ctx === null || rule === undefined) return null
  const gone =
    rule.sparsity === null ? Array<number>(ppl.model.config.n_layer).fill(0) : rule.sparsity.at_ctx_per_layer
  // The last row sees itself in any case.
  return gone && sum(gone.map((share) => 1 + (ctx - 1) * (1 - share)))
}

/** Keys that are alive at the end of a request, mean over requests. */
function keysOfRequests({ eval: record }: SweepCell): number | null {
  if (record === null) return null
  const requests = sum(Object.values(record.tasks).map((task) => task.requests))
  return requests === 0 ? null : sum(record.sparsity.kept_tokens.per_layer) / requests
}

function measuredBytes(bench: BenchRecord | null, cell: SweepCell, ctx: number | null): number | null {
  const found = stepResult(bench, cell, ctx)
  const batch = found && bench?.configurations[found.configuration].batch
  return batch && found.cache ? found.cache.live_bytes / batch : null
}

/** The rule of a cell at a context length. */
export function ruleOf(ppl: PplRecord | null, cell: SweepCell, ctx: number | null): RuleRecord | undefined {
  const context = ppl?.contexts.find((one) => one.ctx === ctx && one.windows === one.windows_planned)
  return context?.rules.find(
    ({ policy, requested, alpha }) =>
      policy === cell.policy && (requested ?? 0) === cell.sparsity && alpha === null,
  )
}

/** The test of a cell that generates at the end of the context. */
export function stepResult(
  bench: BenchRecord | null,
  cell: SweepCell,
  ctx: number | null,
): BenchResult | undefined {
  const configuration = bench?.configurations.find(
    (one) => one.ctx === ctx && one.policy === cell.policy && (one.sparsity ?? 0) === cell.sparsity,
  )
  const results = bench?.results.filter(
    (one) =>
      one.configuration === configuration?.id && one.status === 'measured' && one.prompt === 0 && one.gen > 0,
  )
  return results?.toSorted((a, b) => b.depth - a.depth)[0]
}

/** Seconds of that test, by round. */
export function stepRounds(
  bench: BenchRecord | null,
  cell: SweepCell,
  ctx: number | null,
): Map<number, number> | null {
  const found = stepResult(bench, cell, ctx)
  if (found === undefined || bench === null) return null
  return new Map(
    found.samples.map(({ round, device_s, host_s }) => [
      round,
      bench.method.clock === 'device' && device_s !== null ? device_s : host_s,
    ]),
  )
}
