/** A family of suites in a sweep's tables: the means of its parts stand for the suites that they are means of, which may be a hundred. */
import type { EvalRecord } from '../record/eval/schema.js'

export interface Parts {
  /** Groups named after a larger one that is there: `blimp.binding` beside `blimp`. */
  means: readonly string[]
  /** Suites that have a share in one of them. */
  within: ReadonlySet<string>
}

export function partsOf({ group_subtasks: groups }: Pick<EvalRecord, 'group_subtasks'>): Parts {
  const names = Object.keys(groups)
  const means = names.filter((name) => names.some((larger) => name.startsWith(`${larger}.`)))
  return { means, within: new Set(means.flatMap((name) => groups[name])) }
}

/** The first of many names, and how many more there are. */
export function shortened(names: readonly string[], most: number): string {
  const more = names.length - most
  return more <= 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${more} more`
}
