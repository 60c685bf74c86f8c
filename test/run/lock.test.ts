/** The lock of an output: one holder, and whose it still is after a crash, an id given out again, another machine's end. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isGone, type Owner, parseOwner, thisProcess } from '../../src/data/owner.js'
import { lockFile, removeStaleLocks } from '../../src/run/lock.js'

const test = suite('lock of an output')
const folder = mkdtempSync(join(tmpdir(), 'asp-lock-'))
test.after(() => rmSync(folder, { recursive: true }))

const FAST = { beat: 20, dead: 200 }
let files = 0
const newFile = (): string => join(folder, `${++files}.json`)

/** An id that no process has. */
const ENDED = spawnSync(process.execPath, ['-e', '']).pid

function leave(file: string, owner: Partial<Owner>): void {
  writeFileSync(`${file}.lock`, JSON.stringify({ ...thisProcess(), id: 'theirs', ...owner }))
}

const ownerOf = (file: string): Owner | null => parseOwner(readFileSync(`${file}.lock`, 'utf8'))

test('one at a time; the file itself need not be there, and the lock is gone in the end', async () => {
  const file = newFile()
  const first = await lockFile(file)
  assert.is(await lockFile(file), null)
  await first?.release()
  const second = await lockFile(file)
  assert.is.not(second, null)
  await second?.release()
  assert.not.ok(existsSync(`${file}.lock`))
})

for (const isStale of [false, true]) {
  test(`of many that want ${isStale ? 'a lock that was left' : 'it'} at once one gets it`, () =>
    oneOfMany(isStale))
}

async function oneOfMany(isStale: boolean): Promise<void> {
  const file = newFile()
  if (isStale) leave(file, { process: ENDED })
  const locks = await Promise.all(Array.from({ length: 20 }, () => lockFile(file)))
  const held = locks.filter((lock) => lock !== null)
  assert.is(held.length, 1)
  await held[0].release()
}

const stale: [string, Partial<Owner>][] = [
  ['of a process that has ended', { process: ENDED }],
  ['of a process whose id another has by now', { started: '1' }],
]
for (const [title, owner] of stale) {
  test(`a lock ${title} is taken over`, async () => {
    if (owner.started !== undefined && thisProcess().started === null) return
    const file = newFile()
    leave(file, owner)
    const lock = await lockFile(file)
    assert.is(ownerOf(file)?.process, process.pid)
    assert.is.not(ownerOf(file)?.id, 'theirs')
    await lock?.release()
    assert.equal(
      readdirSync(folder).filter((name) => name.startsWith(`${files}.`)),
      [],
    )
  })
}

const elsewhere: [string, Partial<Owner>][] = [
  ['on another machine', { host: `not-${hostname()}` }],
  ['in a container of the same name', { namespace: 'pid:[1]' }],
]
for (const [title, where] of elsewhere) {
  test(`a lock of a process ${title} is somebody's while it is touched`, async () => {
    const file = newFile()
    leave(file, { ...where, process: ENDED })
    let seconds = 1
    const touching = setInterval(() => utimesSync(`${file}.lock`, seconds, Date.now() / 1000 - seconds++), 20)
    const told: string[] = []
    assert.is(await lockFile(file, { ...FAST, onWait: (text) => told.push(text) }), null)
    clearInterval(touching)
    assert.match(told.join(), new RegExp(`process ${ENDED} on`))
    assert.is(ownerOf(file)?.id, 'theirs')
  })

  test(`a lock of a process ${title} that nobody touches is taken over`, async () => {
    const file = newFile()
    leave(file, { ...where, process: process.pid })
    assert.is(await lockFile(file, { ...FAST, dead: null }), null)
    const lock = await lockFile(file, FAST)
    assert.is.not(ownerOf(file)?.id, 'theirs')
    await lock?.release()
  })
}

test('a lock without a text, of a process that was killed while it made it, is taken over in seconds', async () => {
  const file = newFile()
  writeFileSync(`${file}.lock`, '')
  const told: string[] = []
  const began = performance.now()
  // No touch for three minutes is what is waited for of a lock of another machine.
  const lock = await lockFile(file, { beat: 400, dead: 180_000, onWait: (text) => told.push(text) })
  assert.is.not(lock, null)
  assert.ok(performance.now() - began < 15_000)
  assert.equal(told, ['waiting up to 1 min to see whether another process still writes there'])
  await lock?.release()
})

test('a holder touches its lock', async () => {
  const file = newFile()
  const lock = await lockFile(file, FAST)
  utimesSync(`${file}.lock`, 1, 1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.is(await lockFile(file, { ...FAST, dead: null }), null)
  await lock?.release()
})

test('a process that ends at once leaves no lock', () => {
  const file = newFile()
  const module = new URL('../../src/run/lock.ts', import.meta.url).href
  const code = `const { lockFile } = await import('${module}'); await lockFile('${file}'); process.exit(3)`
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code])
  assert.is(status, 3)
  assert.not.ok(existsSync(`${file}.lock`))
})

test('locks of ended processes are cleared from a folder, with what these were writing; others are left', async () => {
  const [ended, alive, foreign] = [newFile(), newFile(), newFile()]
  leave(ended, { process: ENDED })
  leave(foreign, { host: 'elsewhere' })
  const lock = await lockFile(alive)
  writeFileSync(join(folder, 'yarn.lock'), 'not one of ours')
  const left = [ended, alive, foreign].map((file) => `${file}.${ENDED}-0123abcd.tmp`)
  for (const file of left) writeFileSync(file, '{')
  await removeStaleLocks(folder)
  assert.equal(
    left.map((file) => existsSync(file)),
    [false, true, true],
  )
  assert.equal(
    [ended, alive, foreign].map((file) => existsSync(`${file}.lock`)),
    [false, true, true],
  )
  assert.ok(existsSync(join(folder, 'yarn.lock')))
  await lock?.release()
})

test('what is no owner is nobody known', () => {
  assert.is(parseOwner('{"host":'), null)
  assert.is(parseOwner('{}'), null)
  assert.is(isGone(thisProcess()), false)
})

test.run()
