/** The runs of a sweep -> its record: identity, times, frontiers and critical footprints are computed here. Pure. */
import { sum } from '../../stats/basics.js'
import { SWEEP_SCHEMA } from '../kinds.js'
import type { SweepPart } from '../names.js'
import { sha256 } from '../sha256.js'
import { sweepCritical } from './critical.js'
import { sweepFrontiers } from './frontiers.js'
import type { SweepCell, SweepRecord } from './schema.js'

export interface SweepParts
  extends Omit<
    SweepRecord,
    'schema' | 'kind' | 'status' | 'date' | 'frontiers' | 'critical_footprints' | 'timing' | 'identity'
  > {
  started: Date
  loadSeconds: number
  estimatedSeconds: number
}

export function buildSweepRecord({
  started,
  loadSeconds,
  estimatedSeconds,
  ...parts
}: SweepParts): SweepRecord {
  const { cells, ppl, bench, identity_parts } = parts
  const seconds = {
    load_s: loadSeconds,
    eval_s: sum(cells.map((cell) => cell.eval?.timing.total_s ?? 0)),
    ppl_s: ppl?.timing.total_s ?? 0,
    bench_s: bench?.timing.total_s ?? 0,
  }
  return {
    schema: SWEEP_SCHEMA,
    kind: 'sweep',
    status: isDone(parts) ? 'complete' : 'incomplete',
    date: started.getTime() / 1000,
    ...parts,
    frontiers: sweepFrontiers(cells, parts),
    critical_footprints: sweepCritical(cells, ppl),
    timing: { ...seconds, total_s: sum(Object.values(seconds)), estimated_s: estimatedSeconds },
    identity: sha256(JSON.stringify(identity_parts)),
  }
}

/** Every part that was asked for is there of every cell that does not refuse it. */
function isDone({ grid, cells, ppl, bench }: Pick<SweepParts, 'grid' | 'cells' | 'ppl' | 'bench'>): boolean {
  const wanted = (part: SweepPart): SweepCell[] =>
    grid.parts.includes(part) ? cells.filter(({ refused }) => !refused.some((one) => one.part === part)) : []
  return (
    wanted('eval').every((cell) => cell.eval?.status === 'complete') &&
    (wanted('ppl').length === 0 || ppl?.status === 'complete') &&
    (wanted('bench').length === 0 || bench?.status === 'complete')
  )
}
