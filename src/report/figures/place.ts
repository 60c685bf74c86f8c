/** Where rows of a record come from, and the names that checkpoints get when several records stand side by side. Pure. */

import { normalInterval } from '../../stats/basics.js'
import type { LoadedRecord, ReportedRecord } from '../reported-record.js'
import type { Bounds, Subject } from './rows.js'

/** What every record says of its model. */
export interface Weights {
  id: string
  /** Null for random weights. */
  sha256: string | null
}

/** A record, or one inside another, on its way to rows. */
export interface Place {
  record: number
  /** What the paths of its figures begin with: empty, or `cells[2].eval.`. */
  prefix: string
  names: ReadonlyMap<string, string>
}

export const origin = ({ record, prefix }: Place, path: string): { record: number; path: string } => ({
  record,
  path: `${prefix}${path}`,
})

export function subject(
  { names }: Place,
  model: Weights,
  decision: Pick<Subject, 'policy' | 'requested' | 'by'>,
): Subject {
  return { checkpoint: names.get(keyOf(model)) ?? model.id, ...decision }
}

/** 1.96 standard errors to either side. */
export function bounds(value: number, stderr: number | null): Bounds {
  return stderr === null ? { low: null, high: null } : normalInterval(value, stderr)
}

/** Equal weights have equal keys. */
export const keyOf = ({ id, sha256 }: Weights): string => sha256 ?? `random ${id}`

/** A name for each checkpoint: its id, with the beginning of its hash where two ids are alike. */
export function checkpointNames(loaded: readonly LoadedRecord[]): Map<string, string> {
  const models = new Map(
    loaded.flatMap(({ record }) => weightsOf(record)).map((model) => [keyOf(model), model]),
  )
  const ids = [...models.values()].map(({ id }) => id)
  return new Map(
    [...models].map(([key, { id, sha256 }]) => {
      const shared = ids.filter((other) => other === id).length > 1
      return [key, shared && sha256 !== null ? `${id} ${sha256.slice(0, 6)}` : id]
    }),
  )
}

/** Trainings have names of their own, and comparisons files. */
const weightsOf = (record: ReportedRecord): Weights[] => ('model' in record ? [record.model] : [])
