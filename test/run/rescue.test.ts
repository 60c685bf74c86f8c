/** A result whose place no longer takes it goes elsewhere, and is named. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EXIT, type Failure } from '../../src/errors.js'
import { keep } from '../../src/run/flow.js'

const test = suite('rescued results')
const folder = mkdtempSync(join(tmpdir(), 'asp-rescue-'))
const start = process.cwd()
test.before.each(() => {
  mkdirSync(join(folder, 'here'))
  process.chdir(join(folder, 'here'))
})
test.after.each(() => {
  process.chdir(start)
  rmSync(join(folder, 'here'), { recursive: true, force: true })
})
test.after(() => rmSync(folder, { recursive: true }))

test('what can be written is where it should be, and nothing is said', async () => {
  const file = join(folder, 'here', 'run.json')
  assert.is(await keep(file, 'text', () => assert.unreachable()), file)
  assert.is(readFileSync(file, 'utf8'), 'text')
})

test('else it is in the current folder, under a name of its own', async () => {
  const told: Failure[] = []
  const gone = join(folder, 'deleted', 'run.json')
  const places = [
    await keep(gone, 'first', (failure) => told.push(failure)),
    await keep(gone, 'second', (failure) => told.push(failure)),
  ]
  assert.equal(places.map(dirname), [process.cwd(), process.cwd()])
  for (const place of places) assert.match(basename(place), /^run-[0-9a-f]{8}\.json$/)
  assert.equal(
    places.map((place) => readFileSync(place, 'utf8')),
    ['first', 'second'],
  )
  assert.match(
    told[0].message,
    /deleted\/run\.json: results cannot be written there \(no such file or folder\)/,
  )
  assert.is(told[0].hint, `it is kept in ${places[0]}`)
  assert.is(told[0].exit, EXIT.failed)
  assert.is(readdirSync('.').length, 2)
})

test('what can be kept nowhere is said to be so', async () => {
  // Too long for every folder.
  const told: Failure[] = []
  const long = join(folder, 'here', `${'x'.repeat(250)}.json`)
  assert.is(await keep(long, 'text', (failure) => told.push(failure)), long)
  assert.match(told[0].message, /name too long/)
  assert.is(told[0].hint, 'nor could it be written anywhere else')
})

test.run()
