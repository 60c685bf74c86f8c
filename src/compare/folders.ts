/** Which records of two folders belong together: the same suites or text, model, policy and level. Pure. */
import type { From } from '../record/io/records.js'
import { BENCH_SCHEMA, EVAL_SCHEMA, PPL_SCHEMA } from '../record/kinds.js'
import type { Comparable } from './pair-records.js'

type Loaded = From<Comparable>

export interface FolderPairs {
  pairs: { base: Loaded; other: Loaded }[]
  /** What has no partner, in words. */
  notes: string[]
}

/** What must be equal, round by round among those left over, where each side has one alone: what differs is compared. */
const ROUNDS: readonly ((one: Loaded) => string)[] = [
  (one) => nameOf(one),
  // Two models under the same policies, or two policies on the same models.
  ({ record }) => JSON.stringify([questionOf(record), ...policyOf(record)]),
  ({ record }) => JSON.stringify([questionOf(record), record.model.id]),
  ({ record }) => questionOf(record),
]

/** @param where the other folder, to be named where there are several */
export function pairFolders(base: readonly Loaded[], other: readonly Loaded[], where?: string): FolderPairs {
  const [a, b] = [latest(base), latest(other)]
  const pairs: FolderPairs['pairs'] = []
  const left = (records: Loaded[], side: 'base' | 'other'): Loaded[] =>
    records.filter((one) => !pairs.some((pair) => pair[side] === one))
  for (const key of ROUNDS) pairs.push(...match(left(a.records, 'base'), left(b.records, 'other'), key))
  return {
    pairs,
    notes: [
      ...left(a.records, 'base').map(({ file }) => `${file} has no partner${where ? ` in ${where}` : ''}`),
      ...left(b.records, 'other').map(({ file }) => `${file} has no partner`),
      ...[...a.older, ...b.older],
    ],
  }
}

/** Pairs of records whose key no other record of their side has. */
function match(
  base: readonly Loaded[],
  other: readonly Loaded[],
  key: (one: Loaded) => string,
): FolderPairs['pairs'] {
  const lone = (records: readonly Loaded[], wanted: string): Loaded | undefined => {
    const found = records.filter((one) => key(one) === wanted)
    return found.length === 1 ? found[0] : undefined
  }
  return base.flatMap((one) => {
    const partner = lone(base, key(one)) && lone(other, key(one))
    return partner === undefined ? [] : [{ base: one, other: partner }]
  })
}

/** Of several records of one name the last; `older`: what is said of the others. */
function latest(records: readonly Loaded[]): { records: Loaded[]; older: string[] } {
  const isLast = (one: Loaded): boolean =>
    records.every((other) => other === one || nameOf(other) !== nameOf(one) || before(other, one))
  const lasts = records.filter(isLast)
  const older = records.flatMap((one) => {
    const last = lasts.find((other) => nameOf(other) === nameOf(one))
    if (last === undefined || last === one) return []
    const isCopy = last.record.date === one.record.date
    return [`${one.file}: ${isCopy ? `the same run as ${last.file}` : 'a later record of the same is there'}`]
  })
  return { records: lasts, older }
}

const before = (a: Loaded, b: Loaded): boolean =>
  a.record.date < b.record.date || (a.record.date === b.record.date && a.file < b.file)

const nameOf = ({ record }: Loaded): string =>
  JSON.stringify([questionOf(record), record.model.id, ...policyOf(record)])

/** What was asked, whoever answered. */
function questionOf(record: Comparable): string {
  const asked =
    record.schema === EVAL_SCHEMA
      ? Object.keys(record.tasks)
          .sort()
          .map((task) => [task, record['n-shot'][task]])
      : record.schema === PPL_SCHEMA
        ? [record.text.sha256, ...record.contexts.map(({ ctx }) => ctx)]
        : record.schema === BENCH_SCHEMA
          ? record.results.map(({ test }) => test)
          : record.grid.suites.toSorted()
  return JSON.stringify([record.schema, asked])
}

function policyOf(record: Comparable): unknown[] {
  if (record.schema === EVAL_SCHEMA)
    return [record.policy.name, record.policy.parameters, record.sparsity.requested]
  if (record.schema === PPL_SCHEMA)
    return record.contexts
      .slice(0, 1)
      .flatMap(({ rules }) => rules.map((rule) => [rule.policy, rule.requested]))
  if (record.schema === BENCH_SCHEMA)
    return record.configurations.map(({ policy, sparsity, dtype }) => [policy, sparsity, dtype])
  return [record.grid.policies, record.grid.sparsities]
}
