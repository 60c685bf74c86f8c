import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GREEDY } from '../../src/engine/decode/types.js'
import { type DriveHooks, type DriveJob, type DriveOptions, drive } from '../../src/generate/drive.js'
import { type FakeDecoder, fakeDecoder } from './fake-decoder.js'

const test = suite('driving a decoder')

const OPTIONS: DriveOptions = { slots: 2, mostSteps: 8, deaths: 'none' }

/** Sequence i has i + 2 prompt tokens, the first of them 100 i. */
const jobsOf = (...most: number[]): DriveJob[] =>
  most.map((wanted, i) => ({
    tokens: Uint32Array.from({ length: i + 2 }, (_, j) => 100 * i + j),
    sampling: GREEDY,
    most: wanted,
  }))

/** New tokens count up from the prompt's first. */
const counting = (first: number, n: number): number => first + 10 + n

interface Told {
  tokens: number[][]
  closed: (readonly [sequence: number, deaths: number | null])[]
}

async function driven(
  decoder: FakeDecoder,
  jobs: readonly DriveJob[],
  options: Partial<DriveOptions> = {},
  over: (sequence: number, token: number) => boolean = () => false,
  hooks: Partial<DriveHooks> = {},
): Promise<Told> {
  const told: Told = { tokens: jobs.map(() => []), closed: [] }
  await drive(
    decoder,
    jobs,
    { ...OPTIONS, ...options },
    {
      onToken(sequence, token) {
        told.tokens[sequence].push(token)
        return told.tokens[sequence].length >= jobs[sequence].most || over(sequence, token)
      },
      onClose: (sequence, deaths) => told.closed.push([sequence, deaths?.[0].length ?? null]),
      ...hooks,
    },
  )
  return told
}

test('every sequence gets its own tokens in order, two submissions are under way at most', async () => {
  const decoder = fakeDecoder(counting)
  const { tokens, closed } = await driven(decoder, jobsOf(5, 30, 1, 12, 7))
  for (const [i, most] of [5, 30, 1, 12, 7].entries()) {
    assert.equal(
      tokens[i],
      Array.from({ length: most }, (_, n) => 100 * i + 10 + n),
    )
  }
  assert.equal(closed.map(([sequence]) => sequence).sort(), [0, 1, 2, 3, 4])
  assert.is(decoder.mostAhead, 2)
  assert.not(decoder.calls.includes('deaths'))
})

test('a sequence that ends early is released before it has all its tokens', async () => {
  const decoder = fakeDecoder(counting)
  const { tokens } = await driven(decoder, jobsOf(500, 20), {}, (_, token) => token === 14)
  assert.equal(tokens[0].slice(0, 5), [10, 11, 12, 13, 14])
  // What was under way when the end was seen still comes; the driver's caller passes it by.
  assert.ok(tokens[0].length < 40, `${tokens[0].length} tokens`)
  assert.is(tokens[1].length, 20)
  assert.ok(decoder.calls.indexOf('release 0') < decoder.calls.length - 1)
})

test('death times are read in order with the release, or after every submission as well', async () => {
  const decoder = fakeDecoder(counting)
  const { closed } = await driven(decoder, jobsOf(4, 9), { deaths: 'close' })
  // The last token is never fed: 2 + 4 - 1 and 3 + 9 - 1 positions.
  assert.equal(closed, [
    [0, 5],
    [1, 11],
  ])
  const { calls } = decoder
  for (const [i, call] of calls.entries()) if (call.startsWith('release')) assert.is(calls[i - 1], 'deaths')

  const watched = fakeDecoder(counting)
  const seen: number[] = []
  await driven(watched, jobsOf(6), { deaths: 'watch' }, undefined, {
    onDeaths: (deaths) => seen.push(deaths.get(0)?.[0].length ?? -1),
  })
  const submissions = watched.calls.filter((call) => /^(prefill|decode)/.test(call)).length
  assert.is(seen.length, submissions)
  assert.is(seen[0], 2)
  assert.is(seen.at(-1), 7)
})

test('rows, positions and rates are told of each submission', async () => {
  const rows = { prefill: 0, decode: 0 }
  let positions = 0
  await driven(fakeDecoder(counting), jobsOf(5, 9), {}, undefined, {
    onStep(step) {
      rows[step.kind] += step.rows
      positions = Math.max(positions, step.positions)
      assert.ok(step.seconds >= 0 && step.seconds < 1)
    },
  })
  assert.equal(rows, { prefill: 5, decode: 4 + 8 })
  // When the shorter one is over, the other has had as many steps.
  assert.is(positions, 2 + 4 + 3 + 4)
})

test('aborting ends what runs and begins nothing else', async () => {
  const controller = new AbortController()
  const decoder = fakeDecoder(counting)
  const { tokens, closed } = await driven(
    decoder,
    jobsOf(5000, 5000, 5),
    { signal: controller.signal },
    (_, token) => {
      if (token === 30) controller.abort()
      return false
    },
  )
  assert.equal(
    closed.map(([sequence]) => sequence),
    [0, 1],
  )
  assert.ok(tokens[0].length < 100)
  assert.is(tokens[2].length, 0)
})

test('what fails is thrown once, and nothing is left over', async () => {
  for (const failing of ['prefill', 'decode', 'deaths', 'release']) {
    const decoder = fakeDecoder(counting, {
      fail(call) {
        if (call.startsWith(failing)) throw new Error(`${failing} failed`)
      },
    })
    const thrown = await driven(decoder, jobsOf(4, 9, 3), { deaths: 'close' }).then(
      () => null,
      (error: Error) => error.message,
    )
    assert.is(thrown, `${failing} failed`)
    // Unhandled rejections would end the process here.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
})

test.run()
