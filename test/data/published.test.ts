/**
 * Published configurations (docs/models.md, Published configurations): each opens whole, with a file of the size it would have and no
 * weights in it, and computes what transformers computes where its sizes are cut as scripts/make-published.py cuts them.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Checkpoint, openCheckpoint } from '../../src/data/checkpoint.js'
import { encodeHeader, sizeOf } from '../../src/data/safetensors.js'
import { nanoGptConfig } from '../../src/data/weights/nanogpt.js'
import { packBatch } from '../../src/engine/batch.js'
import { openEngine, openTestDevice } from '../gpu.js'
import { madeValues } from '../made-weights.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { type Family, type Published, type Stored, storedTensors, type Values } from './published-tensors.js'

interface Expected {
  name: string
  /** Of the whole model, as transformers counts them. */
  parameters: number
  /** Sizes of the model that was computed, by the names of the file. */
  cut: Record<string, number>
  ids: number[]
  logprobs: number[]
  columns: number[]
  /** Of the last token. */
  logits: number[]
}

const FIXTURE = fileURLToPath(new URL('../fixtures/published/', import.meta.url))
const read = (name: string) => JSON.parse(readFileSync(join(FIXTURE, name), 'utf8'))
const CASES: Published[] = read('configs.json')
const EXPECTED: Expected[] = read('expected.json')
/** Of logits that reach 18. */
const NEAR = 1e-4
/** Rows of OPT's position table that nothing reads, and asp does not keep. */
const UNREAD = 2

const shrunkValues: Values = (name, count) => madeValues(name, count, 2)

const test = suite('published configurations')
const folder = mkdtempSync(join(tmpdir(), 'asp-published-'))
const device = await openTestDevice()
test.after(async () => {
  await device.close()
  rmSync(folder, { recursive: true })
})

test('there are at least thirty, each with its source and what is expected of it', () => {
  assert.ok(CASES.length >= 30)
  assert.equal(
    CASES.map(({ name }) => name),
    EXPECTED.map(({ name }) => name),
  )
  assert.is(new Set(CASES.map(({ name }) => name)).size, CASES.length)
  for (const { name, source, how } of CASES) {
    assert.ok(source.length > 10, name)
    assert.ok(['own', 'copied', 'saved again', 'put together'].includes(how), name)
  }
})

test('docs/models.md lists them', () => {
  const page = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8')
  const [, section] = page.split('## Published configurations')
  const rows = section
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const listed = CASES.map(
    ({ name, unusual, how, source }) => `| ${name} | ${unusual} | ${how} | ${source} |`,
  )
  assert.equal(rows.slice(2), listed)
  assert.ok(section.includes(`published them, ${CASES.length} in all`))
})

for (const [i, { name, family, config }] of CASES.entries()) {
  const { parameters, cut, ids, logprobs, columns, logits } = EXPECTED[i]

  test(`${name} opens, whole`, async () => {
    const checkpoint = await openCheckpoint(await write(`${i}-whole`, family, config, null))
    const unread = family === 'opt' ? UNREAD * Number(config.hidden_size) : 0
    assert.is(checkpoint.parameters, parameters - unread)
  })

  test(`${name} computes what transformers does`, async () => {
    const path = await write(`${i}-cut`, family, { ...config, ...cut }, shrunkValues)
    const own = await logitsOf(await openCheckpoint(path), ids)
    rmSync(join(folder, `${i}-cut`), { recursive: true })
    const V = own.length / ids.length
    const last = own.subarray((ids.length - 1) * V)
    for (const [j, column] of columns.entries()) near(last[column], logits[j], `logit ${column}`)
    for (const [t, logprob] of logprobs.entries()) {
      const row = own.subarray(t * V, (t + 1) * V)
      near(row[ids[t + 1]] - logsumexpReference(row).logsumexp, logprob, `token ${t + 1}`)
    }
  })
}

function near(got: number, wanted: number, what: string): void {
  assert.ok(Math.abs(got - wanted) < NEAR, `${what}: ${got}, not ${wanted}`)
}

async function logitsOf(checkpoint: Checkpoint, ids: readonly number[]): Promise<Float32Array> {
  const engine = await openEngine(device, checkpoint)
  try {
    const targets = ids.map((token, row) => ({ segment: 0, row, token }))
    const batch = packBatch([{ tokens: Uint32Array.from(ids), trunk: null }], targets, engine.tiles)
    return (await engine.logits(batch, { kind: 'dense' })).logits
  } finally {
    engine.close()
  }
}

/**
 * As its makers write it: config.json beside model.safetensors, or a file of llm.c's, which says its sizes itself. nanoGPT's `model_args`
 * go through what reads them from its file, and its tensors have the names they have there.
 * @param values null for a file of holes: as long as it would be, with nothing in it
 */
async function write(
  name: string,
  family: Family,
  config: Published['config'],
  values: Values | null,
): Promise<string> {
  const own = join(folder, name)
  mkdirSync(own)
  const { start, tensors, file } = startOf(family, config)
  const path = join(own, file)
  if (family !== 'llm.c') {
    const inFile = family === 'nanogpt' ? nanoGptConfig(new Map(Object.entries(config)), 'ckpt.pt') : config
    writeFileSync(join(own, 'config.json'), JSON.stringify(inFile))
  }
  writeFileSync(path, start)
  if (values === null) {
    truncateSync(path, start.byteLength + 4 * tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0))
  } else {
    const handle = await open(path, 'a')
    for (const tensor of tensors) await handle.write(tensor.bytes(values))
    await handle.close()
  }
  return family === 'llm.c' ? path : own
}

function startOf(
  family: Family,
  config: Published['config'],
): { start: Uint8Array; tensors: Stored[]; file: string } {
  const tensors = storedTensors(family, config)
  if (family !== 'llm.c') {
    const named = tensors.map(({ name, shape }) => [name, { dtype: 'F32', shape }] as const)
    return { start: encodeHeader(named, { format: 'pt' }), tensors, file: 'model.safetensors' }
  }
  const header = new Int32Array(256)
  const sizes = ['max_seq_len', 'vocab_size', 'num_layers', 'num_heads', 'channels', 'padded_vocab_size']
  header.set([20240326, 3, ...sizes.map((size) => Number(config[size]))])
  return { start: new Uint8Array(header.buffer), tensors, file: 'model_00000000.bin' }
}

test.run()
