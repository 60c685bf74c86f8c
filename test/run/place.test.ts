/** The place of what a run writes: tried, held by one run, and nothing of worth in it replaced unasked. */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT } from '../../src/errors.js'
import { writeRecord } from '../../src/record/io/store.js'
import { EVAL_SCHEMA } from '../../src/record/kinds.js'
import {
  checkFolderThere,
  checkNotRead,
  type IfThere,
  ifThereOf,
  recordKind,
} from '../../src/run/existing.js'
import { type HeldPlace, holdAll, holdFile, holdOutput } from '../../src/run/place.js'
import { failureOf } from '../failure.js'

const test = suite('place of an output')
const record = { schema: EVAL_SCHEMA }
const KIND = recordKind(EVAL_SCHEMA)
let folder = ''

test.before.each(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'asp-place-'))
})
test.after.each(async () => {
  await rm(folder, { recursive: true })
})

const hold = (output: string | undefined, ifThere: IfThere = 'refuse'): Promise<HeldPlace> =>
  holdOutput(output, { kind: KIND, ifThere, resumable: true })

test('--output may be a folder, made when its parent exists and taken back when the run fails', async () => {
  const made = path.join(folder, 'runs')
  const held = await hold(made)
  assert.equal(await readdir(made), [])
  assert.is((await held.file('name.json')).path, path.join(made, 'name.json'))
  await held.release(false)
  assert.equal(await readdir(folder), [])
})

test('a folder that was there, or holds something, is not taken back', async () => {
  await (await hold(folder)).release(false)
  const made = await hold(path.join(folder, 'runs'))
  await writeRecord(await made.file('name.json'), record)
  await made.release(false)
  assert.equal(await readdir(path.join(folder, 'runs')), ['name.json'])
})

test('without --output the record goes to results/ of the current folder', async () => {
  const before = process.cwd()
  process.chdir(folder)
  try {
    const held = await hold(undefined)
    assert.is((await held.file('name.json')).path, path.join(process.cwd(), 'results', 'name.json'))
    await held.release(false)
  } finally {
    process.chdir(before)
  }
})

test('a place that cannot be written is refused before any work, by name', async () => {
  const file = path.join(folder, 'plain')
  await writeFile(file, '')
  const cases: [string, RegExp][] = [
    [path.join(file, 'run.json'), /plain\/run\.json: .*not a folder|in the way/],
    [path.join(file, 'sub', 'run.json'), /part of the path is not a folder/],
    [file, /plain: .*a file of that name is in the way/],
    [path.join(folder, 'no', 'such', 'run.json'), /no such file or folder/],
    ['/proc/run.json', /\/proc\/run\.json: /],
  ]
  for (const [output, message] of cases) {
    const failure = await failureOf(hold(output))
    assert.match(failure.message, message)
    assert.is(failure.exit, EXIT.usage)
    assert.match(failure.hint ?? '', /--output/)
    assert.not.match(failure.message, /\n/)
  }
  assert.equal(await readdir(folder), ['plain'])
})

test('runs that begin in the same second have records of their own', async () => {
  const held = await Promise.all(Array.from({ length: 5 }, () => hold(folder)))
  const places = await Promise.all(held.map((one) => one.file('name.json')))
  const names = ['name-2.json', 'name-3.json', 'name-4.json', 'name-5.json', 'name.json']
  assert.equal(places.map((place) => path.basename(place.path)).sort(), names)
  assert.is((await held[0].file('name.json')).path, places[0].path)
  for (const [i, one] of held.entries()) {
    await writeRecord(places[i], record)
    await one.release(true)
  }
  assert.equal((await readdir(folder)).sort(), names)
  const later = await hold(folder)
  assert.is(path.basename((await later.file('name.json')).path), 'name-6.json')
  await later.release(false)
})

test('a second run into the same file is refused with who is there, by whatever name', async () => {
  const file = path.join(folder, 'run.json')
  await writeFile(file, JSON.stringify(record))
  await symlink('run.json', path.join(folder, 'link.json'))
  const held = await hold(file, 'resume')
  for (const name of ['run.json', 'link.json']) {
    const failure = await failureOf(hold(path.join(folder, name), 'resume'))
    assert.match(
      failure.message,
      new RegExp(`${name}: another run writes there, process ${process.pid} on ${os.hostname()}, since `),
    )
    assert.match(failure.hint ?? '', /remove .*run\.json\.lock$/)
  }
  await held.release(true)
  await (await hold(file, 'resume')).release(true)
  assert.equal((await readdir(folder)).sort(), ['link.json', 'run.json'])
})

const OWN = JSON.stringify(record, null, 2)
const there: [string, string, Partial<Record<IfThere, RegExp>>][] = [
  [
    'a record of the kind',
    OWN,
    { refuse: /run\.json: a record of asp eval is there already; --resume goes on with it, --overwrite/ },
  ],
  [
    'a record of another kind',
    '{\n  "schema": "asp.ppl/1"}',
    { refuse: /not a record of asp eval/, replace: /is there already and not a record of asp eval/ },
  ],
  ['rows of data', '[{"text": "asp.result/1"}]', { refuse: /is not replaced/, replace: /is not replaced/ }],
  ['an empty file', '', {}],
]
for (const [title, text, refused] of there) {
  for (const ifThere of ['refuse', 'resume', 'replace'] as const) {
    const expected = refused[ifThere]
    test(`${title} is ${expected === undefined ? 'let be' : 'in the way'} where it is to ${ifThere}`, async () => {
      const file = path.join(folder, 'run.json')
      await writeFile(file, text)
      if (expected === undefined) await (await hold(file, ifThere)).release(false)
      else {
        const { message, hint, exit } = await failureOf(hold(file, ifThere))
        assert.match(`${message}; ${hint}`, expected)
        assert.is(exit, EXIT.usage)
      }
      assert.is(await readFile(file, 'utf8'), text)
      assert.equal(await readdir(folder), ['run.json'])
    })
  }
}

test('a folder and a device are no place for a file', async () => {
  await mkdir(path.join(folder, 'page.html'))
  const options = { kind: KIND, ifThere: 'replace', flag: '--output' } as const
  const within = await failureOf(holdFile(path.join(folder, 'page.html'), 'page.html', options))
  assert.match(within.message, /^--output: must be a file, got the folder page\.html$/)
  if (!existsSync('/dev/null')) return
  await symlink('/dev/null', path.join(folder, 'null.html'))
  const device = await failureOf(holdFile(path.join(folder, 'null.html'), 'null.html', options))
  assert.match(device.message, /must be a file, got the device or pipe null\.html$/)
})

test('of several places all are held, or none', async () => {
  const [a, b] = ['a.json', 'b.json'].map((name) => path.join(folder, name))
  await writeFile(b, OWN)
  await failureOf(holdAll([() => hold(a), () => hold(b)]))
  assert.equal(await readdir(folder), ['b.json'])
})

test('a file that is read is not written, by whatever name', async () => {
  const file = path.join(folder, 'shard-1.json')
  await writeFile(file, OWN)
  await symlink('shard-1.json', path.join(folder, 'link.json'))
  await checkNotRead(path.join(folder, 'run.json'), [file])
  const failure = await failureOf(checkNotRead(path.join(folder, 'link.json'), ['nowhere.json', file]))
  assert.match(failure.message, /link\.json: is read by this command/)
})

test('working files without their record are not overwritten', async () => {
  await checkFolderThere(path.join(folder, 'no.sweep'), { ifThere: 'refuse' })
  await writeFile(path.join(folder, 'dense.json'), '')
  await checkFolderThere(folder, { ifThere: 'replace' })
  assert.match((await failureOf(checkFolderThere(folder, { ifThere: 'refuse' }))).message, /working files/)
})

test('to resume and to start over are two things', () => {
  assert.is(ifThereOf({}), 'refuse')
  assert.is(ifThereOf({ resume: true }), 'resume')
  assert.is(ifThereOf({ overwrite: true }), 'replace')
  assert.throws(() => ifThereOf({ resume: true, overwrite: true }), /--overwrite: starts over/)
})

test('what a killed run left of the same file is removed', async () => {
  const left = 'run.json.999999-0a1b2c3d.tmp'
  await writeFile(path.join(folder, left), 'half')
  await (await hold(path.join(folder, 'run.json'))).release(false)
  assert.equal(await readdir(folder), [])
})

test.run()
