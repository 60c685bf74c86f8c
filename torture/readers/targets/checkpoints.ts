/** Checkpoint folders: config.json, weights in one file or in shards, every tensor read as the engine would. */
import { join } from 'node:path'
import { openCheckpoint } from '../../../src/data/checkpoint.js'
import { encodeSafetensors, type TensorBytes } from '../../../src/data/safetensors.js'
import { CONFIG, tinyTensors } from '../../../test/data/tiny-checkpoint.js'
import type { Form } from '../mutate.js'
import type { Case, Target } from '../target.js'

const all = [...tinyTensors()]
const part = (some: [string, TensorBytes][]): Uint8Array => encodeSafetensors(new Map(some), { format: 'pt' })

const config = JSON.stringify(CONFIG)
const WHOLE = { 'config.json': config, 'model.safetensors': part(all) }

/** The first half of the tensors in one file, the others in another. */
const half = all.length >> 1
const SHARDS = {
  'config.json': config,
  'model-00001-of-00002.safetensors': part(all.slice(0, half)),
  'model-00002-of-00002.safetensors': part(all.slice(half)),
  'model.safetensors.index.json': JSON.stringify({
    metadata: { total_size: 1 },
    weight_map: Object.fromEntries(
      all.map(([name], i) => [name, `model-0000${i < half ? 1 : 2}-of-00002.safetensors`]),
    ),
  }),
}

const folder = (name: string, cases: [files: Case['files'], changed: string, form: Form][]): Target => ({
  name: `checkpoints: ${name}`,
  cases: () => cases.map(([files, changed, form]) => ({ files, changed, form })),
  async read(at) {
    const { tensors, weightsSha256 } = await openCheckpoint(join(at))
    for (const { read } of tensors.values()) await read()
    await weightsSha256()
  },
})

export const CHECKPOINTS: readonly Target[] = [
  folder('config.json', [[WHOLE, 'config.json', 'json']]),
  folder('model.safetensors', [[WHOLE, 'model.safetensors', 'safetensors']]),
  folder('shards', [
    [SHARDS, 'model.safetensors.index.json', 'json'],
    [SHARDS, 'model-00002-of-00002.safetensors', 'safetensors'],
  ]),
]
