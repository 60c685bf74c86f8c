import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseShard, shardRows } from '../src/eval/shard.js'
import { workFolder } from './commands/asp.js'

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url))
const test = suite('examples and shards')

test('the Slurm script asks asp for the share of its array task', async () => {
  const folder = workFolder()
  // A stand-in for npx that writes down what it was asked to do.
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', 'npx'), '#!/bin/sh\nprintf "%s\\n" "$@" >asked\n', { mode: 0o755 })
  await promisify(execFile)('bash', [join(EXAMPLES, 'slurm-array.sh')], {
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      SLURM_SUBMIT_DIR: folder,
      SLURM_ARRAY_TASK_ID: '3',
    },
  })
  const asked = (await readFile(join(folder, 'asked'), 'utf8')).trimEnd().split('\n')
  assert.is(asked.slice(0, 3).join(' '), 'asp eval paper')
  assert.ok(asked.includes('--resume') && asked.includes('auto') && asked.includes('runs/paper/shard-3.json'))
})

test('every template is in the table, and says --shard', async () => {
  const table = await readFile(join(EXAMPLES, 'README.md'), 'utf8')
  for (const name of await readdir(EXAMPLES)) {
    if (name === 'README.md' || name === 'ci') continue
    assert.ok(table.includes(`(${name})`), name)
    assert.match(await readFile(join(EXAMPLES, name), 'utf8'), /--shard/)
  }
})

for (const [text, env, expected] of [
  ['2/5', {}, { index: 2, count: 5 }],
  [
    'auto',
    { SLURM_ARRAY_TASK_ID: '4', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '8' },
    { index: 4, count: 8 },
  ],
  [
    'auto',
    { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '8' },
    { index: 1, count: 8 },
  ],
  ['auto/8', { JOB_COMPLETION_INDEX: '7' }, { index: 8, count: 8 }],
  ['auto', { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '2' }, { index: 1, count: 2 }],
] as const) {
  test(`--shard ${text} with ${JSON.stringify(env)}`, () => {
    assert.equal(parseShard(text, env), expected)
  })
}

test('what is no shard is refused', () => {
  for (const text of ['0/3', '4/3', '1/0', '2', 'x', '1/3/5', '-1/3']) {
    assert.throws(() => parseShard(text, {}), /--shard: must be i\/n/, text)
  }
  assert.throws(() => parseShard('auto', {}), /no scheduler has numbered this job/)
  assert.throws(() => parseShard('auto', { JOB_COMPLETION_INDEX: '0' }), /must be i\/n/)
})

test('shards are disjoint, complete and balanced', () => {
  const sizes = Array.from({ length: 500 }, (_, i) => 20 + ((i * 7919) % 181))
  for (const count of [1, 2, 3, 7, 64]) {
    const shards = Array.from({ length: count }, (_, i) => shardRows(sizes, { index: i + 1, count }))
    const rows = shards.flatMap((shard) => [...shard])
    assert.equal(
      rows.sort((a, b) => a - b),
      sizes.map((_, i) => i),
    )
    const loads = shards.map((shard) => [...shard].reduce((sum, row) => sum + sizes[row], 0))
    assert.ok(Math.max(...loads) - Math.min(...loads) <= Math.max(...sizes))
  }
  // More machines than documents: the rest have nothing to do.
  assert.is(shardRows([5, 4], { index: 3, count: 3 }).size, 0)
})

test.run()
