/** Thousands of damaged weight files: each opens or ends in a Failure of one line, in bounded time and memory. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { openGguf } from '../../src/data/weights/gguf-model.js'
import { openLlmc } from '../../src/data/weights/llmc.js'
import { unpickle } from '../../src/data/weights/pickle.js'
import { openTorchFile } from '../../src/data/weights/torch-file.js'
import { torchNames } from '../../src/data/weights/torch-names.js'
import { readZip } from '../../src/data/weights/zip.js'
import { Failure } from '../../src/errors.js'
import { unpackFixtures, type WeightFixtures } from './weight-fixtures.js'

/** Milliseconds that one file takes at most, on a machine that does other things as well. */
const SOON = 3000
/** Bytes of the process after all of them. */
const MOST_MEMORY = 1.5e9

interface Context {
  fixtures: WeightFixtures
  folder: string
}

const fuzz = suite<Context>('damaged weight files')

fuzz.before(async (context) => {
  context.fixtures = await unpackFixtures()
  context.folder = await mkdtemp(join(tmpdir(), 'asp-fuzz-'))
})
fuzz.after(async ({ fixtures, folder }) => {
  await fixtures.remove()
  await rm(folder, { recursive: true })
})

/** xorshift32. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** Values at which readers break. */
const SHARP = [0, 1, 0x7f, 0x80, 0xff]

/** One to four changes, all within `from` to `to`: bytes changed, taken away, put in, copied from elsewhere, words made huge, or an end cut off. */
function damage(
  bytes: Uint8Array,
  next: (below: number) => number,
  [from, to]: [number, number],
): Uint8Array {
  let out = Buffer.from(bytes)
  for (let changes = 1 + next(4); changes > 0; changes--) {
    const place = (): number => Math.min(from + next(to - from), out.length - 9)
    const at = place()
    const length = 1 + next(8)
    const kind = next(12)
    if (kind < 4) out[at] = next(256)
    else if (kind < 6) out[at] = SHARP[next(SHARP.length)]
    else if (kind < 8) out.fill(SHARP[next(SHARP.length)], at, at + [2, 4, 8][next(3)])
    else if (kind === 8) out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)])
    else if (kind === 9)
      out = Buffer.concat([out.subarray(0, at), Buffer.alloc(length, next(256)), out.subarray(at)])
    else if (kind === 10) out.copy(out, at, place(), out.length)
    else if (next(8) === 0) out = out.subarray(0, at)
    if (out.length < 16) return out
  }
  return out
}

interface Outcome {
  opened: number
  refused: number
}

async function tryAll(
  count: number,
  bytes: Uint8Array,
  ranges: readonly [number, number][],
  open: (damaged: Uint8Array) => unknown,
): Promise<Outcome> {
  const next = numbersFrom(Number(process.env.ASP_FUZZ_SEED ?? 20_240_326))
  const outcome = { opened: 0, refused: 0 }
  for (let i = 0; i < count; i++) {
    const damaged = damage(bytes, next, ranges[i % ranges.length])
    const began = performance.now()
    try {
      await open(damaged)
      outcome.opened++
    } catch (error) {
      if (!(error instanceof Failure)) throw new Error(`case ${i}`, { cause: error })
      assert.not.match(error.message, '\n', `case ${i}`)
      outcome.refused++
    }
    assert.ok(performance.now() - began < SOON, `case ${i} took ${performance.now() - began} ms`)
  }
  assert.ok(process.memoryUsage().rss < MOST_MEMORY)
  return outcome
}

fuzz('3,000 pickles of nanoGPT', async ({ fixtures }) => {
  const path = fixtures.folder('nanogpt/ckpt.pt')
  const { offset, byteLength } = (await readZip(path)).get('ckpt/data.pkl') ?? { offset: 0, byteLength: 0 }
  const pickle = (await readFile(path)).subarray(offset, offset + byteLength)
  const { refused } = await tryAll(3000, pickle, [[0, pickle.length]], (damaged) =>
    unpickle(damaged, torchNames('ckpt.pt'), 'ckpt.pt'),
  )
  assert.ok(refused > 1000, `${refused} refused`)
})

fuzz(
  '1,500 archives of torch, in the pickle, the headers and the directory',
  async ({ fixtures, folder }) => {
    const path = fixtures.folder('nanogpt/ckpt.pt')
    const bytes = await readFile(path)
    const entries = [...(await readZip(path)).values()]
    const end = Math.max(...entries.map(({ offset, byteLength }) => offset + byteLength))
    const ranges: [number, number][] = [
      [0, 2000],
      [end, bytes.length],
      [bytes.length - 150, bytes.length],
    ]
    const file = join(folder, 'ckpt.pt')
    // nanoGPT's own activation is another.
    await cp(fixtures.folder('nanogpt/config.json'), join(folder, 'config.json'))
    const { opened, refused } = await tryAll(1500, bytes, ranges, async (damaged) => {
      await writeFile(file, damaged)
      await openCheckpoint(file)
    })
    assert.ok(opened > 50 && refused > 500, `${opened} opened, ${refused} refused`)
  },
)

fuzz('500 files of older torch', async ({ fixtures, folder }) => {
  const bytes = await readFile(fixtures.folder('pytorch-legacy/pytorch_model.bin'))
  const file = join(folder, 'pytorch_model.bin')
  const ranges: [number, number][] = [
    [0, 200],
    [0, 4000],
  ]
  const { refused } = await tryAll(500, bytes, ranges, async (damaged) => {
    await writeFile(file, damaged)
    const { tensors } = await openTorchFile(file)
    for (const { read } of tensors.values()) await read()
  })
  assert.ok(refused > 200, `${refused} refused`)
})

fuzz('1,000 GGUF files', async ({ fixtures, folder }) => {
  const bytes = await readFile(fixtures.folder('gguf/q8_0.gguf'))
  const file = join(folder, 'q8_0.gguf')
  const { refused } = await tryAll(1000, bytes, [[0, 2600]], async (damaged) => {
    await writeFile(file, damaged)
    await openGguf(file)
    for (const { read } of (await openCheckpoint(file)).tensors.values()) await read()
  })
  assert.ok(refused > 500, `${refused} refused`)
})

fuzz("500 files of llm.c's", async ({ fixtures, folder }) => {
  const bytes = await readFile(fixtures.folder('llmc/gpt2_bf16.bin'))
  const file = join(folder, 'model.bin')
  const { refused } = await tryAll(500, bytes, [[0, 32]], async (damaged) => {
    await writeFile(file, damaged)
    await openLlmc(file)
    await openCheckpoint(file)
  })
  assert.ok(refused > 300, `${refused} refused`)
})

fuzz.run()
