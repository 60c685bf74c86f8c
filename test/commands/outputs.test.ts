/** What commands do where there is something already, somebody else, or no room: no work is lost and none is replaced unasked. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvalRecord } from '../../src/record/eval/schema.js'
import { writeTinyModel } from '../tiny-model.js'
import { asp, namesIn, startAsp, until, workFolder } from './asp.js'

const test = suite('outputs')
const folder = workFolder()
const model = await writeTinyModel(join(folder, 'tiny'))
const at = (...names: string[]): string => join(folder, ...names)
const read = (...names: string[]): string => readFileSync(at(...names), 'utf8')
const recordOf = (...names: string[]): EvalRecord => JSON.parse(read(...names)) as EvalRecord

const ON = ['-m', model, '--policy', 'dense', '--quiet']
const PRUNED = ['-m', model, '--policy', 'local', '--size', '4', '--quiet']
const EVAL = ['eval', 'winogrande', '--data', 'sample', ...ON]
const TINY: Record<string, string[]> = {
  eval: [...EVAL, '--limit', '2'],
  sweep: ['sweep', '--parts', 'ppl', '--ctx', '16', '--text-limit', '32', ...ON, '--sparsity', '0'],
  ppl: ['ppl', '--ctx', '16', '--limit', '32', ...ON],
  bench: ['bench', '-p', '4', '-n', '2', '-d', '0', '-r', '1', '--no-warmup', '--no-stages', ...ON],
  generate: ['generate', 'Once', '--max-tokens', '2', ...PRUNED],
  drops: ['drops', 'Once upon a time', ...PRUNED],
  'drops stats': ['drops', 'stats', '--ctx', '16', '--limit', '32', ...PRUNED],
}
const RESUMABLE = ['eval', 'sweep']

for (const [command, argv] of Object.entries(TINY)) {
  test(`asp ${command} does not replace a record unless it is asked to, and no other file at all`, async () => {
    const name = `${command.replace(' ', '-')}.json`
    const first = await asp(folder, [...argv, '-o', name])
    assert.is(first.status, 0, first.stderr)
    const before = read(name)

    const again = await asp(folder, [...argv, '-o', name])
    assert.is(again.status, 2, again.stderr)
    const ways = RESUMABLE.includes(command) ? '--resume goes on with it, ' : ''
    const line = `error: ${name}: a record of asp ${command} is there already; hint: ${ways}--overwrite replaces it, `
    assert.ok(again.stderr.startsWith(line), again.stderr)
    assert.is(again.stdout, '')
    assert.is(read(name), before)

    const over = await asp(folder, [...argv, '-o', name, '--overwrite'])
    assert.is(over.status, 0, over.stderr)
    assert.is.not(read(name), before)

    writeFileSync(at('mine.json'), '{"mine": 1}')
    const other = await asp(folder, [...argv, '-o', 'mine.json', '--overwrite'])
    assert.is(other.status, 2)
    assert.match(
      other.stderr,
      /^error: mine\.json: is there already and not a record of asp .*not replaced; hint/,
    )
    assert.is(read('mine.json'), '{"mine": 1}')
    assert.equal(
      namesIn(folder).filter((one) => /lock|tmp/.test(one)),
      [],
    )
  })
}

test('to resume and to overwrite are not asked for together', async () => {
  const { status, stderr } = await asp(folder, [...TINY.eval, '-o', 'eval.json', '--resume', '--overwrite'])
  assert.is(status, 2)
  assert.match(stderr, /^error: --overwrite: starts over, and --resume goes on/)
})

test('runs started in the same second leave a record each', async () => {
  const runs = [1, 2, 3, 4].map((limit) => asp(folder, [...EVAL, '--limit', `${limit}`, '-s', '-o', 'same']))
  for (const { status, stderr } of await Promise.all(runs)) assert.is(status, 0, stderr)
  const names = namesIn(at('same'))
  const records = names.filter((name) => name.endsWith('.json'))
  assert.equal(records.map((name) => recordOf('same', name).limit).sort(), [1, 2, 3, 4])
  for (const name of records) {
    const { limit, tasks } = recordOf('same', name)
    const log = read('same', tasks.winogrande.samples ?? '')
    assert.is(log.trim().split('\n').length, 2 * Number(limit))
  }
})

/** Seconds, with a model that is larger. */
const MANY = [
  'eval',
  'winogrande',
  '--data',
  'sample',
  '--limit',
  '100',
  '--batch-tokens',
  '64',
  '--shift',
  '0',
  '-q',
]

test('a second run into one file is refused while the first is at work, and the first is whole', async () => {
  const argv = [...MANY, '-o', 'two.json', '--resume']
  const { child, ended } = startAsp(folder, argv)
  await until('the first run', () => existsSync(at('two.json')))
  child.kill('SIGSTOP')
  const second = await asp(folder, argv)
  child.kill('SIGCONT')
  assert.is(second.status, 2, second.stderr)
  assert.match(
    second.stderr,
    /^error: two\.json: another run writes there, process \d+ on .*; hint: wait for it/,
  )
  assert.is((await ended).status, 0)
  assert.is(read('two.samples.winogrande.jsonl').trim().split('\n').length, 200)
})

test('the lock of a run that was killed is in nobody’s way, and neither is what it left half written', async () => {
  const argv = [...MANY, '-o', 'killed.json', '--resume']
  const { child, ended } = startAsp(folder, argv)
  await until('some lines', () => existsSync(at('killed.json')))
  child.kill('SIGKILL')
  await ended
  assert.ok(existsSync(at('killed.json.lock')))
  writeFileSync(at(`killed.json.${child.pid}-0123abcd.tmp`), 'half')
  const { status, stderr } = await asp(folder, argv)
  assert.is(status, 0, stderr)
  assert.equal(
    namesIn(folder).filter((name) => name.startsWith('killed')),
    ['killed.json', 'killed.samples.winogrande.jsonl'],
  )
})

test('logs without their record are not gone on with and not overwritten', async () => {
  const log = 'lost.samples.winogrande.jsonl'
  const first = await asp(folder, [...TINY.eval, '-o', 'lost.json', '--resume'])
  assert.is(first.status, 0, first.stderr)
  rmSync(at('lost.json'))
  const before = read(log)
  for (const way of [['--resume'], ['-s']]) {
    const { status, stderr } = await asp(folder, [...TINY.eval, '-o', 'lost.json', ...way])
    assert.is(status, 2, stderr)
    assert.match(stderr, /lost\.samples\.winogrande\.jsonl: a sample log of asp eval is there already/)
    assert.is(read(log), before)
  }
  assert.is((await asp(folder, [...TINY.eval, '-o', 'lost.json', '-s', '--overwrite'])).status, 0)
})

test('a request that is in a log twice, or a figure that was changed, is refused on resume', async () => {
  const argv = [...EVAL, '--limit', '6', '-o', 'log.json', '--resume']
  assert.is((await asp(folder, argv)).status, 0)
  const whole = read('log.samples.winogrande.jsonl')
  const lines = whole.split('\n')
  const damaged: [string, RegExp][] = [
    [[...lines.slice(0, 6), ...lines.slice(2, 4), ''].join('\n'), /line 7 does not belong there/],
    [whole.replace(/"logprob":-(\d)/, '"logprob":-1$1'), /line 1 is not as it was written/],
  ]
  for (const [text, expected] of damaged) {
    writeFileSync(at('log.samples.winogrande.jsonl'), text)
    const { status, stderr, stdout } = await asp(folder, argv)
    assert.is(status, 2)
    assert.match(stderr, expected)
    assert.is(stdout, '')
  }
})

test('another config.json is another model, for --resume and for merge', async () => {
  const file = join(model, 'config.json')
  const config = readFileSync(file, 'utf8')
  const shard = (i: number, ...rest: string[]) =>
    asp(folder, [...TINY.eval, '--shard', `${i}/2`, '-o', `part-${i}.json`, ...rest])
  try {
    assert.is((await shard(1)).status, 0)
    writeFileSync(file, JSON.stringify({ ...JSON.parse(config), layer_norm_epsilon: 0.05 }))
    const resumed = await shard(1, '--resume')
    assert.is(resumed.status, 2)
    assert.match(resumed.stderr, /its layer_norm_epsilon of the model was 0\.00001 and is now 0\.05/)
    assert.is((await shard(2)).status, 0)
    const merged = await asp(folder, ['merge', 'part-1.json', 'part-2.json', '-o', 'joined.json'])
    assert.is(merged.status, 2)
    assert.match(merged.stderr, /part-2\.json: layer_norm_epsilon of the model differs from part-1\.json/)
  } finally {
    writeFileSync(file, config)
  }
  // A record of an older asp says nothing of it, and is taken to be of a model as GPT-2 is.
  const older = recordOf('part-1.json')
  const { layer_norm_epsilon, propagate_in_depth, ...rest } = older.model.config
  writeFileSync(at('part-1.json'), JSON.stringify({ ...older, model: { ...older.model, config: rest } }))
  const resumed = await shard(1, '--resume')
  assert.is(resumed.status, 0, resumed.stderr)
})

test('merge does not replace what it reads, nor anything unasked', async () => {
  for (const i of [1, 2])
    assert.is((await asp(folder, [...TINY.eval, '--shard', `${i}/2`, '-o', `s-${i}.json`])).status, 0)
  const before = read('s-1.json')
  const own = await asp(folder, ['merge', 's-1.json', 's-2.json', '-o', 's-1.json', '--overwrite'])
  assert.is(own.status, 2)
  assert.match(own.stderr, /^error: s-1\.json: is read by this command/)
  assert.is(read('s-1.json'), before)
  const merge = ['merge', 's-1.json', 's-2.json', '-o', 's.json']
  assert.is((await asp(folder, merge)).status, 0)
  assert.match((await asp(folder, merge)).stderr, /^error: s\.json: a record of asp eval is there already/)
  assert.is((await asp(folder, [...merge, '--overwrite'])).status, 0)
})

test('a merge that is interrupted while it writes finishes, or has written nothing', async () => {
  mkdirSync(at('joined'))
  // From the first file of its own on, lock and trial by writing aside.
  for (const pattern of [/samples/, /samples/, /\.lock$/, /^run\.json$/]) {
    const run = startAsp(folder, ['merge', 's-1.json', 's-2.json', '-o', 'joined/run.json', '--overwrite'])
    const watcher = watch(at('joined'), (_event, name) => {
      if (pattern.test(name ?? '')) run.child.kill('SIGTERM')
    })
    const { status, stderr } = await run.ended
    watcher.close()
    const names = namesIn(at('joined'))
    if (stderr.includes('nothing was merged')) assert.equal(names, [], stderr)
    else if (status === 0) assert.is(recordOf('joined', 'run.json').status, 'complete')
    for (const name of names) rmSync(at('joined', name))
  }
})

test('pages, drawings and reports of tests are made anew, and replace nothing that is none', async () => {
  assert.is((await asp(folder, [...TINY.eval, '-o', 'page/run.json'])).status, 0)
  const views: [string, string[]][] = [
    ['report.html', ['report', 'page/run.json', '-o']],
    ['drops.html', [...TINY.drops, '-o']],
    ['drops.svg', [...TINY.drops, '-o']],
    ['stats.html', [...TINY['drops stats'], '-o']],
    ['junit.xml', ['compare', 'page/run.json', 'page/run.json', '--junit']],
  ]
  for (const [name, argv] of views) {
    for (const round of ['made', 'made anew']) {
      const { status, stderr } = await asp(folder, [...argv, name])
      assert.is(status, 0, `${name} is ${round}: ${stderr}`)
    }
    writeFileSync(at(name), '<p>mine</p>')
    const { status, stderr } = await asp(folder, [...argv, name])
    assert.is(status, 2)
    assert.match(stderr, new RegExp(`^error: ${name}: is there already and not a .*, so it is not replaced`))
    assert.is(read(name), '<p>mine</p>')
  }
  const before = read('page', 'run.json')
  const swallowed = await asp(folder, ['report', '-o', 'page/run.json', 'two.json'])
  assert.is(swallowed.status, 2)
  assert.match(swallowed.stderr, /^error: --output: must end in \.html, got page\/run\.json/)
  assert.is(read('page', 'run.json'), before)
})

test('tables beside a record and traces are not replaced unasked either', async () => {
  writeFileSync(at('book.csv'), 'title,year\n')
  for (const flags of [[], ['--overwrite']]) {
    const { status, stderr } = await asp(folder, [
      ...TINY.ppl,
      '--output-format',
      'csv',
      '-o',
      'book.json',
      ...flags,
    ])
    assert.is(status, 2)
    assert.match(stderr, /book\.csv: is there already and not a table of asp ppl/)
    assert.is(read('book.csv'), 'title,year\n')
  }
  writeFileSync(at('prompts.jsonl'), '{"prompt": "Once"}\n')
  const swallowed = await asp(folder, [...TINY.generate, '--trace', 'prompts.jsonl', '--overwrite'])
  assert.is(swallowed.status, 2)
  assert.match(
    swallowed.stderr,
    /prompts\.jsonl: is there already and not a trace of asp generate.*another --trace/,
  )
  const trace = ['generate', 'Once', '--max-tokens', '2', '-q', '--trace', 'trace.jsonl']
  assert.is((await asp(folder, trace)).status, 0)
  assert.match(
    (await asp(folder, trace)).stderr,
    /^error: trace\.jsonl: a trace of asp generate is there already/,
  )
  assert.is((await asp(folder, [...trace, '--overwrite'])).status, 0)
})

test('a sweep does not overwrite the working files of another', async () => {
  const argv = [...TINY.sweep, '-o', 'parts.json']
  assert.is((await asp(folder, argv)).status, 0)
  rmSync(at('parts.json'))
  const { status, stderr } = await asp(folder, argv)
  assert.is(status, 2)
  assert.match(stderr, /parts\.sweep: working files of another run are there already; hint: --resume goes on/)
  assert.is((await asp(folder, [...argv, '--resume'])).status, 0)
})

test('a folder that is deleted meanwhile: the table, the record of --json, and a record elsewhere', async () => {
  for (const json of [false, true]) {
    const place = json ? 'gone-json' : 'gone'
    mkdirSync(at(place))
    mkdirSync(at(`cwd-${place}`))
    const argv = [...MANY, '-o', at(place, 'run.json'), ...(json ? ['--json'] : [])]
    const { ended } = startAsp(at(`cwd-${place}`), argv)
    await until('the run', () => existsSync(at(place, 'run.json.lock')))
    rmSync(at(place), { recursive: true })
    const { status, stdout, stderr } = await ended
    assert.is(status, 1, stderr)
    const said =
      /^error: .*run\.json: results cannot be written there \(no such file or folder\); hint: it is kept in (.*)$/m
    const kept = said.exec(stderr)?.[1] ?? ''
    assert.equal(readdirSync(at(`cwd-${place}`)), [kept.slice(kept.lastIndexOf('/') + 1)])
    const record = JSON.parse(readFileSync(kept, 'utf8')) as EvalRecord
    assert.is(record.tasks.winogrande.documents_scored, 100)
    if (json) assert.equal(JSON.parse(stdout), record)
    else assert.match(stdout, /winogrande.*acc[\s\S]*Record: .*cwd-gone/)
  }
})

test.run()
