/** `--shard i/n`: which documents of a run one of n machines scores. Pure. */
import { Failure } from '../errors.js'

/** Share `index` (from 1) of `count`. */
export interface Shard {
  index: number
  count: number
}

/** Schedulers that number a job's tasks: where they tell the number, the first one, and how many there are. */
const SCHEDULERS = [
  { id: 'SLURM_ARRAY_TASK_ID', first: 'SLURM_ARRAY_TASK_MIN', count: 'SLURM_ARRAY_TASK_COUNT' },
  { id: 'JOB_COMPLETION_INDEX', first: null, count: 'JOB_COMPLETIONS' },
] as const

/**
 * `2/5`, or `auto` and `auto/5`: the number from the scheduler's environment, and the count too where it is told
 * (Kubernetes does not: pass it as `auto/5` or set JOB_COMPLETIONS).
 */
export function parseShard(text: string, env: NodeJS.ProcessEnv = process.env): Shard {
  const match = /^(auto|\d+)(?:\/(\d+))?$/.exec(text)
  const told = match?.[1] === 'auto' ? fromScheduler(env) : null
  const index = told?.index ?? Number(match?.[1])
  const count = Number(match?.[2] ?? told?.count)
  if (match?.[1] === 'auto' && told === null) {
    throw new Failure(`--shard ${text}: no scheduler has numbered this job`, {
      hint: `give --shard i/n, or set ${SCHEDULERS.map(({ id }) => id).join(' or ')}`,
    })
  }
  if (!(Number.isInteger(index) && Number.isInteger(count) && index >= 1 && index <= count)) {
    throw new Failure(`--shard: must be i/n with i from 1 to n, got ${JSON.stringify(text)}`, {
      hint: 'for example --shard 2/5, or auto/5 under Slurm or Kubernetes',
    })
  }
  return { index, count }
}

function fromScheduler(env: NodeJS.ProcessEnv): { index: number; count: number | undefined } | null {
  for (const { id, first, count } of SCHEDULERS) {
    const number = env[id]
    if (number === undefined || number === '') continue
    const start = first === null ? 0 : Number(env[first] ?? 0)
    const told = env[count]
    return { index: Number(number) - start + 1, count: told === undefined ? undefined : Number(told) }
  }
  return null
}

/**
 * The documents (by place, from 0) of one share: each document, largest first, goes to the share with the least so
 * far, so that all machines end at about the same time. Depends on nothing but `sizes` and the shard.
 */
export function shardRows(sizes: readonly number[], { index, count }: Shard): Set<number> {
  const order = sizes.map((_, row) => row).sort((a, b) => sizes[b] - sizes[a] || a - b)
  const loads = new Array<number>(count).fill(0)
  const rows = new Set<number>()
  for (const row of order) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] += sizes[row]
    if (least === index - 1) rows.add(row)
  }
  return rows
}
