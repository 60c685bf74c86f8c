/** Sample logs and the records beside them, as asp merge and --resume take them: a figure that was changed must be noticed. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mergeShards, readShard } from '../../../src/eval/merge.js'
import { checkSameRun, readEarlier } from '../../../src/eval/resume.js'
import type { EvalRecord } from '../../../src/record/eval/schema.js'
import { renderEval } from '../../../src/report/eval-table.js'
import { asp } from '../../../test/commands/asp.js'
import { withoutTiming } from '../../../test/record/without-timing.js'
import type { Case, Target } from '../target.js'

const SUITES = ['copa', 'piqa']
const LOGS = SUITES.map((suite) => `samples.${suite}.jsonl`)

type Files = Record<string, string>

/** The same however long it took, on whatever machine: a seed makes the same files again. */
function steady(record: EvalRecord): EvalRecord {
  const { adapter } = record.environment
  const timing = Object.fromEntries(Object.keys(record.timing).map((key) => [key, 0.5]))
  const known = {
    adapter: { ...adapter, name: 'CPU', driver: '' },
    cpu: 'CPU',
    os: 'Linux',
    node: '20',
    dawn: '0',
  }
  return {
    ...record,
    date: 1.7e9,
    timing: timing as unknown as EvalRecord['timing'],
    environment: { ...record.environment, ...known, cores: 2, memory_bytes: 2 ** 34, commit: null },
    memory: { ...record.memory, host_rss_bytes: 2 ** 28 },
  }
}

/** What two shards of a run leave. */
async function shards(): Promise<Files> {
  const folder = mkdtempSync(join(tmpdir(), 'asp-shards-'))
  try {
    const files: Files = {}
    for (const i of [1, 2]) {
      const wanted = `--data sample --limit 6 --shard ${i}/2 --device cpu --quiet -o ${i}.json`.split(' ')
      const { status, stderr } = await asp(folder, ['eval', ...SUITES, ...wanted])
      if (status !== 0) throw new Error(stderr)
      files[`${i}.json`] = JSON.stringify(steady(JSON.parse(readFileSync(join(folder, `${i}.json`), 'utf8'))))
      for (const log of LOGS) files[`${i}.${log}`] = readFileSync(join(folder, `${i}.${log}`), 'utf8')
    }
    return files
  } finally {
    rmSync(folder, { recursive: true })
  }
}

let made: Promise<Files> | undefined
export const shardFiles = (): Promise<Files> => {
  made ??= shards()
  return made
}

const changing = (names: readonly string[]) => async (): Promise<Case[]> =>
  Promise.all(
    names.map(async (changed) => ({
      files: await shardFiles(),
      changed,
      form: changed.endsWith('.json') ? 'json' : 'jsonl',
    })),
  )

async function merged(folder: string): Promise<{ shown: string[]; figures: string }> {
  const parts = [await readShard(join(folder, '1.json')), await readShard(join(folder, '2.json'))]
  const { record, lines } = await mergeShards(parts, ['asp'], (task) => task)
  return { shown: [renderEval(record)], figures: JSON.stringify([withoutTiming(record), [...lines]]) }
}

/** The lines that a resumed run takes over. */
async function earlier(folder: string): Promise<string[]> {
  const path = join(folder, '1.json')
  const run = await readEarlier(path)
  if (run === null) return []
  checkSameRun(path, run.record, JSON.parse((await shardFiles())['1.json']))
  return [...run.tasks].flatMap(([task, { lines }]) => lines.map((line) => JSON.stringify([task, line])))
}

export const LOGGED: readonly Target[] = [
  {
    name: 'sample logs: asp merge',
    // What follows the last whole line is left out.
    lenient: true,
    cases: changing(LOGS.map((log) => `1.${log}`)),
    read: merged,
    compare: (figures, original) => (figures === original ? null : 'merged into other figures'),
  },
  {
    name: 'sample logs: asp eval --resume',
    lenient: true,
    cases: changing(LOGS.map((log) => `1.${log}`)),
    read: async (folder) => ({ figures: await earlier(folder) }),
    compare: (figures, original) => {
      const known = new Set(original as string[])
      const foreign = (figures as string[]).find((line) => !known.has(line))
      return foreign === undefined ? null : `takes over a line that was changed: ${foreign.slice(0, 120)}`
    },
  },
  {
    name: 'records: asp merge',
    cases: changing(['1.json', '2.json']),
    read: async (folder) => ({ shown: (await merged(folder)).shown }),
  },
  {
    name: 'records: asp eval --resume',
    cases: changing(['1.json']),
    read: async (folder) => {
      await earlier(folder)
    },
  },
]
