import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Checkpoint, openCheckpoint } from '../../src/data/checkpoint.js'
import { encodeSafetensors, type TensorBytes } from '../../src/data/safetensors.js'
import { AS_GPT2 } from '../../src/engine/gpt2/config.js'
import { refused } from '../failure.js'
import {
  CONFIG,
  counting,
  retyped,
  type Tensors,
  tinyTensors,
  transposed,
  writeCheckpoint,
} from './tiny-checkpoint.js'

const MODELS = join(import.meta.dirname, '../../models')

interface Context {
  folder: string
}

const checkpoint = suite<Context>('checkpoint')

checkpoint.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'asp-checkpoint-'))
})
checkpoint.after.each((context) => rm(context.folder, { recursive: true, force: true }))

async function checkTensors(actual: Checkpoint, expected: Tensors): Promise<void> {
  assert.equal([...actual.tensors.keys()].sort(), [...expected.keys()].sort())
  for (const [name, { dtype, shape, bytes }] of expected) {
    const tensor = actual.tensors.get(name)
    assert.equal([tensor?.dtype, tensor?.shape], [dtype, shape], name)
    assert.is(Buffer.compare((await tensor?.read()) ?? new Uint8Array(), bytes), 0, name)
  }
}

checkpoint('opens checkpoints with gates, whose config.json says how they decide', async ({ folder }) => {
  const gates = [{ method: 'kvzap', window: 4, threshold: -3.5 } as const, { method: 'trimkv' } as const]
  for (const gate of gates) {
    const tensors = tinyTensors()
    withGates(tensors)
    const said = 'window' in gate ? { drop_window: gate.window, drop_threshold: gate.threshold } : {}
    await writeCheckpoint(folder, tensors, { ...GATED, drop_method: gate.method, ...said })
    const opened = await openCheckpoint(folder)
    assert.equal([opened.config.interaction, opened.config.gate], [null, gate])
    await checkTensors(opened, tensors)
  }
})

checkpoint('opens the bundled checkpoints', async () => {
  const adaptive = await openCheckpoint(join(MODELS, 'asp-tiny'))
  assert.equal(adaptive.config, {
    vocabSize: 8192,
    nPositions: 1024,
    nEmbd: 192,
    nLayer: 6,
    nHead: 3,
    nInner: 768,
    layerNormEpsilon: 1e-5,
    ...AS_GPT2,
    interaction: { dim: 64, propagateInDepth: false, grace: 0 },
  })
  assert.equal([adaptive.id, adaptive.revision, adaptive.storedDtype], ['asp-tiny', null, 'F16'])
  assert.is(adaptive.parameters, 4_586_502)
  assert.is(adaptive.bytes, 9_173_004)
  const file = await readFile(join(MODELS, 'asp-tiny', 'model.safetensors'))
  assert.is(await adaptive.weightsSha256(), createHash('sha256').update(file).digest('hex'))
  // The first value of the file, and so of the token table, lies right behind the header.
  const start = 8 + Number(file.readBigUInt64LE(0))
  const table = await adaptive.tensors.get('wte.weight')?.read()
  assert.equal(table, new Uint8Array(file.subarray(start, start + 8192 * 192 * 2)))

  const dense = await openCheckpoint(join(MODELS, 'asp-tiny-dense'), { id: 'someone/dense', revision: 'abc' })
  assert.is(dense.config.interaction, null)
  assert.equal([dense.id, dense.revision, dense.tensors.size], ['someone/dense', 'abc', 76])
})

/** Ways of writing the same weights, each of which must read as tinyTensors(). */
const WRITINGS: { what: string; change: (tensors: Tensors) => Tensors; config?: Record<string, unknown> }[] =
  [
    { what: 'without a prefix', change: (tensors) => tensors },
    { what: 'with the transformer prefix', change: prefixed },
    {
      what: 'with masks and a tied head',
      change: (tensors) =>
        new Map([
          ...prefixed(tensors),
          ['lm_head.weight', counting([10, 64], 0)],
          ['transformer.h.0.attn.bias', { dtype: 'BOOL', shape: [1, 1, 6, 6], bytes: new Uint8Array(36) }],
          ['transformer.h.0.attn.masked_bias', counting([], 0)],
        ]),
    },
    {
      what: 'as the reference code does: [out, in], its masks, the head for the table',
      change: (tensors) =>
        new Map([
          ...[...prefixed(tensors)].map(([name, tensor]): [string, TensorBytes] => {
            if (name === 'transformer.wte.weight') return ['lm_head.weight', tensor]
            return [name, /c_(attn|proj|fc)\.weight$/.test(name) ? transposed(tensor) : tensor]
          }),
          ['transformer.h.0.attn.bias', counting([1, 1, 6, 6], 0)],
          ['transformer.h.0.attn.bias_int', counting([1, 1, 6, 6], 0)],
        ]),
    },
    { what: 'without int_n_embd', change: (tensors) => tensors, config: { ...CONFIG, int_n_embd: null } },
  ]
for (const { what, change, config } of WRITINGS) {
  checkpoint(`reads weights written ${what}`, async ({ folder }) => {
    await writeCheckpoint(folder, change(tinyTensors()), config)
    const actual = await openCheckpoint(folder)
    assert.equal(actual.config.interaction, { dim: 4, propagateInDepth: true, grace: 0 })
    await checkTensors(actual, tinyTensors())
  })
}

for (const [dtype, width] of [
  ['F16', 2],
  ['BF16', 2],
] as const) {
  checkpoint(`keeps ${dtype} as stored, transposed or not`, async ({ folder }) => {
    const half = new Map([...tinyTensors()].map(([name, tensor]) => [name, retyped(tensor, dtype, width)]))
    await writeCheckpoint(folder, half)
    const actual = await openCheckpoint(folder)
    assert.is(actual.storedDtype, dtype)
    await checkTensors(actual, half)
    const linear = [...half].map(
      ([name, tensor]) =>
        [name, /c_(attn|proj|fc)\.weight$/.test(name) ? transposed(tensor) : tensor] as const,
    )
    await writeCheckpoint(folder, new Map(linear))
    await checkTensors(await openCheckpoint(folder), half)
  })
}

checkpoint('reads shards through their index', async ({ folder }) => {
  await writeCheckpoint(folder, new Map())
  await writeShards(folder)
  const actual = await openCheckpoint(folder)
  await checkTensors(actual, tinyTensors())
  const files = await Promise.all(SHARDS.map((name) => readFile(join(folder, name))))
  assert.is(await actual.weightsSha256(), createHash('sha256').update(Buffer.concat(files)).digest('hex'))
})

/** tie_word_embeddings, and how the head is stored beside `counting([10, 64], 0)`, the table. */
const HEADS: { what: string; tied?: boolean; head: TensorBytes; untied: boolean }[] = [
  { what: 'a head that is the table', head: counting([10, 64], 0), untied: false },
  {
    what: 'a head that is the table though it need not be',
    tied: false,
    head: counting([10, 64], 0),
    untied: false,
  },
  { what: 'a head that differs', head: counting([10, 64], 1), untied: true },
  { what: 'a head that is the table as it must be', tied: true, head: counting([10, 64], 0), untied: false },
  { what: 'a head that differs as it may', tied: false, head: counting([10, 64], 1), untied: true },
  { what: 'a head that differs in its last value', head: lastChanged(counting([10, 64], 0)), untied: true },
  { what: 'a head of another type', head: retyped(counting([10, 64], 0), 'BF16', 2), untied: true },
]
for (const { what, tied, head, untied } of HEADS) {
  checkpoint(`${what} is ${untied ? 'read' : 'the table'}`, async ({ folder }) => {
    const config = tied === undefined ? CONFIG : { ...CONFIG, tie_word_embeddings: tied }
    await writeCheckpoint(folder, prefixed(tinyTensors()).set('lm_head.weight', head), config)
    const actual = await openCheckpoint(folder)
    const expected = untied ? tinyTensors().set('lm_head.weight', head) : tinyTensors()
    await checkTensors(actual, expected)
    const count = [...expected.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
    assert.is(actual.parameters, count)
  })
}

checkpoint('reads no weight before it is asked for', async ({ folder }) => {
  await writeCheckpoint(folder, tinyTensors())
  const actual = await openCheckpoint(folder)
  await truncate(join(folder, 'model.safetensors'), 20_000)
  await refused(() => actual.tensors.get('ln_f.bias')?.read(), /model.safetensors: ended at byte/)
})

interface Broken {
  what: string
  tensors?: (tensors: Tensors) => unknown
  config?: Record<string, unknown>
  /** Damage done to the written folder. */
  files?: (folder: string) => Promise<unknown>
  says: RegExp
}

const { int_n_embd: _dim, propagate_in_depth: _flag, ...GATED } = CONFIG

/** In place of interaction weights. */
function withGates(tensors: Tensors): void {
  for (const name of [...tensors.keys()]) if (/_int|int_bias/.test(name)) tensors.delete(name)
  for (const layer of [0, 1]) {
    tensors.set(`h.${layer}.attn.gate.weight`, counting([1, 64], layer))
    tensors.set(`h.${layer}.attn.gate.bias`, counting([1], layer))
  }
}

const BROKEN: Broken[] = [
  { what: 'no folder', files: (folder) => rm(folder, { recursive: true }), says: /: no such file or folder/ },
  {
    what: 'no config',
    files: (folder) => rm(join(folder, 'config.json')),
    says: /config.json: no such file/,
  },
  {
    what: 'a config that is not JSON',
    files: (folder) => writeFile(join(folder, 'config.json'), '{\n"n_embd": '),
    says: /config.json: not valid JSON/,
  },
  {
    what: 'no weights',
    files: (folder) => rm(join(folder, 'model.safetensors')),
    says: /: no model.safetensors, and no other weights that asp knows by name$/,
  },
  {
    what: 'weights under a name of their own',
    files: (folder) => rename(join(folder, 'model.safetensors'), join(folder, 'epoch-3.safetensors')),
    says: /: no model.safetensors, .*, got epoch-3.safetensors$/,
  },
  {
    what: 'an empty file of torch',
    files: async (folder) => {
      await rm(join(folder, 'model.safetensors'))
      await writeFile(join(folder, 'pytorch_model.bin'), '')
    },
    says: /pytorch_model.bin: must be a file of torch.save, got one that begins with nothing/,
  },
  {
    what: 'cut weights',
    files: (folder) => truncate(join(folder, 'model.safetensors'), 30_000),
    says: /model.safetensors: truncated, the header describes \d+ bytes, got 30000/,
  },
  {
    what: 'an empty file',
    files: (folder) => truncate(join(folder, 'model.safetensors'), 0),
    says: /model.safetensors: truncated/,
  },
  {
    what: 'another architecture',
    config: { ...CONFIG, model_type: 'llama' },
    says: /config.json: model_type must be "gpt2", got "llama"/,
  },
  {
    what: 'no architecture, and none of the sizes of a GPT-2',
    config: { vocab_size: 10, hidden_size: 64 },
    says: /config.json: model_type must be "gpt2", got undefined/,
  },
  {
    what: 'another activation',
    config: { ...CONFIG, activation_function: 'mish' },
    says: /activation_function must be one of gelu_new, .*, swish, got "mish"/,
  },
  {
    what: 'heads too narrow for the kernels',
    config: { ...CONFIG, n_head: 32 },
    says: /n_embd \/ n_head must be a multiple of 4 up to \d+, got 64 \/ 32/,
  },
  {
    what: 'heads too wide for the kernels',
    config: { ...CONFIG, n_embd: 264, n_head: 2 },
    says: /n_embd \/ n_head must be a multiple of 4 up to \d+, got 264 \/ 2/,
  },
  {
    what: 'an untied head that is not there',
    config: { ...CONFIG, tie_word_embeddings: false },
    says: /: tie_word_embeddings is false, but the weights lack tensor lm_head.weight$/,
  },
  {
    what: 'a head that differs from the table though config.json says that they are one',
    config: { ...CONFIG, tie_word_embeddings: true },
    tensors: (tensors) => tensors.set('lm_head.weight', counting([10, 64], 1)),
    says: /: tie_word_embeddings is true, but lm_head.weight differs from wte.weight$/,
  },
  {
    what: 'an untied head without a token table',
    config: { ...CONFIG, tie_word_embeddings: false },
    tensors: (tensors) => {
      tensors.set('lm_head.weight', counting([10, 64], 0))
      tensors.delete('wte.weight')
    },
    says: /: the weights lack tensor wte.weight, expected shape \[10,64\]$/,
  },
  {
    what: 'a word for whether the head is tied',
    config: { ...CONFIG, tie_word_embeddings: 'no' },
    says: /tie_word_embeddings must be true or false, got "no"/,
  },
  {
    what: 'an untied head of integers',
    tensors: (tensors) => tensors.set('lm_head.weight', { ...counting([10, 64], 1), dtype: 'I32' }),
    says: /tensor lm_head.weight must be F32, F16, BF16, got I32/,
  },
  {
    what: 'one tensor under two names, with a prefix and without',
    tensors: (tensors) => tensors.set('transformer.h.1.ln_1.bias', counting([64], 7)),
    says: /one tensor must have one name, got h.1.ln_1.bias and transformer.h.1.ln_1.bias$/,
  },
  {
    what: 'one tensor in two shards',
    files: async (folder) => {
      await writeShards(folder)
      const both = new Map([...tinyTensors()].filter(([name]) => /^(wpe|h\.1|ln_f)/.test(name)))
      await writeFile(join(folder, SHARDS[1]), encodeSafetensors(both))
    },
    says: /00002-of-00002.safetensors: has tensor wpe.weight, which model-00001-of-00002.safetensors has as well$/,
  },
  {
    what: 'a size of zero',
    config: { ...CONFIG, n_layer: 0 },
    says: /n_layer must be a positive whole number, got 0/,
  },
  {
    what: 'a missing size',
    config: { ...CONFIG, vocab_size: undefined },
    says: /vocab_size must be a positive/,
  },
  {
    what: 'more layers than the weights have',
    config: { ...CONFIG, n_layer: 3 },
    says: /config.json: n_layer is 3, but the weights have h.0 to h.1$/,
  },
  {
    what: 'many more layers than there is memory for',
    config: { ...CONFIG, n_layer: 1e8 },
    says: /config.json: n_layer is 100000000, but the weights have h.0 to h.1$/,
  },
  {
    what: 'many more layers, the last of which is there',
    config: { ...CONFIG, n_layer: 1e8 },
    tensors: (tensors) => tensors.set('h.99999999.ln_1.bias', counting([64], 0)),
    says: /n_layer is 100000000, but the weights have 3, the last of them h.99999999$/,
  },
  {
    what: 'fewer layers than the weights have',
    config: { ...CONFIG, n_layer: 1 },
    says: /config.json: n_layer is 1, but the weights have h.0 to h.1$/,
  },
  {
    what: 'weights without layers',
    tensors: (tensors) => {
      for (const name of tensors.keys()) if (name.startsWith('h.')) tensors.delete(name)
    },
    says: /n_layer is 2, but the weights have none$/,
  },
  {
    what: 'a wrong shape',
    tensors: (tensors) => tensors.set('h.1.mlp.c_fc.bias', counting([255], 0)),
    says: /tensor h.1.mlp.c_fc.bias must have shape \[256\], got \[255\]/,
  },
  {
    what: 'one matrix in the other orientation',
    tensors: (tensors) => tensors.set('h.1.mlp.c_fc.weight', counting([256, 64], 0)),
    says: /tensor h.1.mlp.c_fc.weight must have shape \[64,256\], got \[256,64\]/,
  },
  {
    what: 'a missing tensor',
    tensors: (tensors) => tensors.delete('h.1.ln_2.weight'),
    says: /the weights lack tensor h.1.ln_2.weight, expected shape \[64\]/,
  },
  {
    what: 'a bias that one layer lacks',
    tensors: (tensors) => tensors.delete('h.1.ln_2.bias'),
    says: /: the weights lack tensor h.1.ln_2.bias, which other layers have \(1 of 2 lack it\)$/,
  },
  {
    what: 'a last layer norm that alone has no bias',
    tensors: (tensors) => tensors.delete('ln_f.bias'),
    says: /the weights lack tensor ln_f.bias, expected shape \[64\]/,
  },
  {
    what: 'cross-attention',
    config: { ...CONFIG, add_cross_attention: true },
    says: /config.json: add_cross_attention must be false, got true$/,
  },
  {
    what: 'a scale that is no flag',
    config: { ...CONFIG, scale_attn_weights: 1 },
    says: /config.json: scale_attn_weights must be true or false, got 1$/,
  },
  {
    what: 'an inner width that kernels cannot read in fours',
    config: { ...CONFIG, n_inner: 130 },
    says: /config.json: n_inner must be a multiple of 4, got 130$/,
  },
  {
    what: 'a head of another size',
    tensors: (tensors) => tensors.set('lm_head.weight', counting([11, 64], 0)),
    says: /tensor lm_head.weight must have shape \[10,64\], got \[11,64\]/,
  },
  {
    what: 'integer weights',
    tensors: (tensors) => tensors.set('ln_f.bias', { ...counting([64], 0), dtype: 'I32' }),
    says: /tensor ln_f.bias must be F32, F16, BF16, got I32/,
  },
  {
    what: 'a layer without interaction weights',
    tensors: (tensors) => tensors.delete('h.1.attn.int_bias'),
    says: /has h.0.attn.q_int.weight but lacks h.1.attn.int_bias \(1 of 6 missing\)/,
  },
  {
    what: 'another interaction width',
    config: { ...CONFIG, int_n_embd: 8 },
    says: /config.json: int_n_embd is 8, but h.0.attn.q_int.weight has shape \[4,64\]/,
  },
  {
    what: 'interaction weights beside selective attention',
    config: { ...CONFIG, drop_method: 'selective' },
    says: /config.json: one method must decide what is dropped, got selective and h.0.attn.q_int.weight$/,
  },
  {
    what: 'interaction keys of another width',
    tensors: (tensors) => tensors.set('h.1.attn.k_int.weight', counting([8, 64], 0)),
    says: /tensor h.1.attn.k_int.weight must have shape \[4,64\], got \[8,64\]/,
  },
  ...[0, 3, 6].map((dim) => ({
    what: `interaction queries and keys ${dim} wide`,
    config: { ...CONFIG, int_n_embd: null },
    tensors: (tensors: Tensors) => {
      for (const name of tensors.keys()) if (/[qk]_int/.test(name)) tensors.set(name, counting([dim, 64], 0))
    },
    says: new RegExp(`h.0.attn.q_int.weight must have a multiple of 4 rows, got shape \\[${dim},64\\]$`),
  })),
  {
    what: 'gates that nothing is said of',
    tensors: withGates,
    config: { ...CONFIG, int_n_embd: null },
    says: /config.json: lacks drop_method, but the weights have h.0.attn.gate.weight$/,
  },
  {
    what: 'a gate that a layer lacks',
    config: { ...GATED, drop_method: 'trimkv' },
    tensors: (tensors) => {
      withGates(tensors)
      tensors.delete('h.1.attn.gate.bias')
    },
    says: /config.json: drop_method is trimkv, but the weights lack h.1.attn.gate.bias$/,
  },
  {
    what: 'gates and interaction weights',
    config: { ...CONFIG, drop_method: 'trimkv' },
    tensors: (tensors) => {
      const both = new Map(tensors)
      withGates(tensors)
      for (const [name, tensor] of both) tensors.set(name, tensor)
    },
    says: /config.json: one method must decide what is dropped, got trimkv and interaction weights$/,
  },
  {
    what: 'a method that nobody knows',
    config: { ...GATED, drop_method: 'snapkv' },
    tensors: withGates,
    says: /config.json: drop_method must be kvzap, trimkv or selective, got "snapkv"$/,
  },
  {
    what: 'half a grace',
    config: { ...CONFIG, drop_grace: 1.5 },
    says: /config.json: drop_grace must be a positive whole number, got 1\.5$/,
  },
  {
    what: 'a window of nothing',
    config: { ...GATED, drop_method: 'kvzap', drop_window: 0, drop_threshold: -4 },
    tensors: withGates,
    says: /config.json: drop_window must be a positive whole number, got 0$/,
  },
  {
    what: 'no threshold',
    config: { ...GATED, drop_method: 'kvzap', drop_window: 4 },
    tensors: withGates,
    says: /config.json: drop_threshold must be a number, got undefined$/,
  },
  {
    what: 'gates of another width',
    config: { ...GATED, drop_method: 'trimkv' },
    tensors: (tensors) => {
      withGates(tensors)
      tensors.set('h.0.attn.gate.weight', counting([2, 64], 0))
    },
    says: /tensor h.0.attn.gate.weight must have shape \[1,64\], got \[2,64\]/,
  },
  {
    what: 'a missing shard',
    files: async (folder) => {
      await writeShards(folder)
      await rm(join(folder, SHARDS[1]))
    },
    says: /model-00002-of-00002.safetensors: no such file/,
  },
  {
    what: 'a shard without its tensor',
    files: async (folder) => {
      await writeShards(folder)
      await writeFile(join(folder, SHARDS[1]), encodeSafetensors(new Map()))
    },
    says: /model-00002-of-00002.safetensors: lacks tensor h.1.attn/,
  },
  {
    what: 'an index that leaves the folder',
    files: async (folder) => {
      await writeShards(folder)
      const index = { weight_map: { 'wte.weight': '../other/model.safetensors' } }
      await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index))
    },
    says: /wte.weight must name a .safetensors file in the same folder, got "..\/other/,
  },
]
for (const { what, tensors: change, config, files, says } of BROKEN) {
  checkpoint(`refuses ${what}`, async ({ folder }) => {
    const tensors = tinyTensors()
    change?.(tensors)
    await writeCheckpoint(folder, tensors, config)
    await files?.(folder)
    await refused(() => openCheckpoint(folder), says)
  })
}

const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']

/** Replaces the single file by two shards and an index. */
async function writeShards(folder: string): Promise<void> {
  await rm(join(folder, 'model.safetensors'))
  const tensors = [...tinyTensors()]
  const half = tensors.findIndex(([name]) => name === 'h.1.attn.c_attn.weight')
  const parts = [tensors.slice(0, half), tensors.slice(half)]
  const map: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    await writeFile(join(folder, SHARDS[i]), encodeSafetensors(new Map(part)))
    for (const [name] of part) map[name] = SHARDS[i]
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: map }),
  )
}

function lastChanged({ dtype, shape, bytes }: TensorBytes): TensorBytes {
  const changed = bytes.slice()
  changed[changed.length - 1] ^= 1
  return { dtype, shape, bytes: changed }
}

function prefixed(tensors: Tensors): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [`transformer.${name}`, tensor]))
}

checkpoint.run()
