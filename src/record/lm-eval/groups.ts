/** What lm-eval's results file says of groups, beside and among what it says of tasks; as lm-eval 0.4.13 does. Pure. */

import type { EvalRecord, GroupResult } from '../eval/schema.js'
import { PythonFloat, type PythonValue } from './python-json.js'

type ByName = { [name: string]: PythonValue }

/** The additions of a record's groups to the sections of the file; all empty for a run without groups. */
export interface LmEvalGroups {
  results: ByName
  versions: ByName
  shots: { [group: string]: number }
  higherIsBetter: { [group: string]: { [metric: string]: boolean | null } }
}

export function lmEvalGroups(record: EvalRecord): LmEvalGroups {
  const added: LmEvalGroups = { results: {}, versions: {}, shots: {}, higherIsBetter: {} }
  for (const [name, group] of Object.entries(record.groups)) {
    const tasks = record.group_subtasks[name]
    added.results[name] = groupResult(group)
    // A version is what lm-eval's groups have of their own and asp's have not.
    added.versions[name] = 'N/A'
    const shots = new Set(tasks.map((task) => record['n-shot'][task]))
    if (shots.size === 1) added.shots[name] = [...shots][0]
    added.higherIsBetter[name] = merged(tasks.map((task) => record.higher_is_better[task]))
  }
  return added
}

function groupResult({ name, alias, sample_len, metric, ...group }: GroupResult): PythonValue {
  const key: `${string},none` = `${metric},none`
  const error: `${string},none` = `${metric}_stderr,none`
  return {
    alias,
    name,
    sample_len,
    [key]: figure(group[key]),
    [error]: figure(group[error]),
    sample_count: { [key]: sample_len },
  }
}

const figure = (value: string | number): PythonValue =>
  typeof value === 'number' ? new PythonFloat(value) : value

/** Null for a metric the tasks do not agree about. */
function merged(tasks: readonly { [metric: string]: boolean }[]): { [metric: string]: boolean | null } {
  const result: { [metric: string]: boolean | null } = {}
  for (const [metric, better] of tasks.flatMap((task) => Object.entries(task)))
    result[metric] = Object.hasOwn(result, metric) && result[metric] !== better ? null : better
  return result
}
