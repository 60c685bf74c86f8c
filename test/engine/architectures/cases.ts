/**
 * The options of config.json that test/fixtures/architectures has, each as transformers computes it, and checkpoints of them: weights
 * are made from the names of the tensors, as scripts/make-architectures.py makes them.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Checkpoint, openCheckpoint } from '../../../src/data/checkpoint.js'
import { gpt2Tensors } from '../../../src/data/gpt2-names.js'
import { decodeSafetensors, type TensorBytes } from '../../../src/data/safetensors.js'
import { AS_GPT2, type BiasName } from '../../../src/engine/gpt2/config.js'
import { writeCheckpoint } from '../../data/tiny-checkpoint.js'
import { madeValues } from '../../made-weights.js'

export interface ArchitectureCase {
  name: string
  /** The key of config.json that it is about, or in words what it is. */
  option: string
  config: Record<string, unknown>
  absent: BiasName[]
  sequences: number
  /** T of scoring and decoding, and of training. */
  tokens: number
  trained: number
  /** Rows of the batch and columns of the vocabulary of which logits are kept. */
  rows: number[]
  columns: number[]
  loss: number
  /** Those whose gradients are kept. */
  tensors: string[]
}

const FOLDER = fileURLToPath(new URL('../../fixtures/architectures/', import.meta.url))

export const CASES: readonly ArchitectureCase[] = JSON.parse(readFileSync(join(FOLDER, 'cases.json'), 'utf8'))

export interface Expected {
  /** (rows, columns) kept. */
  logits: Float32Array
  /** (rows): the token of the largest logit. */
  best: Int32Array
  /** (tensors, kept): entries of a gradient, where they lie in it, and the norm of all of it. */
  places: Int32Array
  gradients: Float32Array
  norms: Float32Array
}

export function expectedOf({ name }: ArchitectureCase): Expected {
  const tensors = decodeSafetensors(readFileSync(join(FOLDER, `${name}.safetensors`)))
  const bytes = (key: string): ArrayBuffer => new Uint8Array(tensors.get(key)?.bytes ?? []).buffer
  return {
    logits: new Float32Array(bytes('logits')),
    best: new Int32Array(bytes('best')),
    places: new Int32Array(bytes('places')),
    gradients: new Float32Array(bytes('gradients')),
    norms: new Float32Array(bytes('norms')),
  }
}

/** Token ids of each sequence. */
export function sequencesOf({ sequences, tokens, config }: ArchitectureCase): Uint32Array[] {
  return Array.from({ length: sequences }, (_, s) =>
    Uint32Array.from(
      { length: tokens },
      (_, t) => ((s * tokens + t) * 7919 + s * 31 + 5) % Number(config.vocab_size),
    ),
  )
}

/** Writes the case as a checkpoint, config.json as transformers has written it, and opens that. */
export async function openCase({ config, absent }: ArchitectureCase): Promise<Checkpoint> {
  const [nEmbd, size] = [Number(config.n_embd), (key: string) => Number(config[key])]
  const shapes = gpt2Tensors({
    vocabSize: size('vocab_size'),
    nPositions: size('n_positions'),
    nEmbd,
    nLayer: size('n_layer'),
    nHead: size('n_head'),
    nInner: config.n_inner === null ? 4 * nEmbd : size('n_inner'),
    layerNormEpsilon: 1e-5,
    ...AS_GPT2,
    absentBiases: absent,
    untiedHead: config.tie_word_embeddings === false,
    interaction: null,
  })
  const tensors = shapes.map(({ name, shape }): [string, TensorBytes] => {
    const values = madeValues(
      name,
      shape.reduce((product, extent) => product * extent, 1),
    )
    const stored = name.startsWith('lm_head') ? name : `transformer.${name}`
    return [stored, { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) }]
  })
  const folder = await mkdtemp(join(tmpdir(), 'asp-architecture-'))
  try {
    await writeCheckpoint(folder, new Map(tensors), config)
    const checkpoint = await openCheckpoint(folder)
    // Read now: the folder goes.
    const read = await Promise.all(
      [...checkpoint.tensors].map(async ([name, tensor]) => {
        const bytes = await tensor.read()
        return [name, { ...tensor, read: async () => bytes }] as const
      }),
    )
    return { ...checkpoint, tensors: new Map(read) }
  } finally {
    await rm(folder, { recursive: true })
  }
}
