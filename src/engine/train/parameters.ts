/**
 * The parameters of a model in training: values, gradients and AdamW's moments side by side, row-major as checkpoints have
 * them, so that one layout serves all products, the optimiser and the files.
 */
import type { ComputeDevice, DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { readBack } from '../compute/read.js'
import { GATE_COLUMNS, GATE_NAMES, type Gpt2Config, hasBias } from '../gpt2/config.js'
import { readF32 } from '../gpt2/read-tensor.js'
import { vocabularySlices } from '../gpt2/vocabulary.js'
import { type TensorSource, UNTIED_HEAD } from '../tensor-source.js'
import type { HostTensor } from './types.js'

/** A stretch of a parameter that checkpoints know by a name. */
interface Part {
  name: string
  shape: readonly number[]
  /** Element of the parameter at which it begins. */
  at: number
  /** Element of the named tensor at which it begins, and how many there are. */
  from: number
  count: number
}

export interface Parameter {
  label: string
  /** Elements in memory: whole vec4s, the last ones padding. */
  elements: number
  parts: readonly Part[]
  /** Whether weight decay applies: matrices and tables. */
  decays: boolean
  /** Whether it decides what is dropped, which is all that learns under `interaction`. */
  interacts: boolean
}

/** Where a parameter lives. A frozen one has no gradient and no moments. */
export interface ParamBuffers {
  parameter: Parameter
  weight: DeviceBuffer
  trained: { gradient: DeviceBuffer; first: DeviceBuffer; second: DeviceBuffer } | null
}

export interface NormParams {
  gain: ParamBuffers
  /** Null where the model has none, here and below. */
  bias: ParamBuffers | null
}

export interface LinearParams {
  /** (K, N) */
  weight: ParamBuffers
  /** (N) */
  bias: ParamBuffers | null
}

export interface BlockParams {
  norm1: NormParams
  qkv: LinearParams
  project: LinearParams
  norm2: NormParams
  expand: LinearParams
  contract: LinearParams
  /** (2 r, C): interaction queries, then keys. (4, C): a gate's row of weights, then zeros. */
  interaction: ParamBuffers | null
}

/** Tokens `first` to `first + columns - 1` of the token table, or of the output head, (columns, C). */
export interface TokenParams {
  first: number
  columns: number
  table: ParamBuffers
}

export interface ModelParams {
  tokens: TokenParams[]
  /** The same as `tokens` where the two are tied. */
  head: TokenParams[]
  positions: ParamBuffers
  blocks: BlockParams[]
  /** (L): beta of each layer, or the bias of its gate. */
  betas: ParamBuffers | null
  finalNorm: NormParams
  all: ParamBuffers[]
}

/** Allocates what a parameter needs. */
export type AllocateParam = (parameter: Parameter) => ParamBuffers

/** Every parameter of a model of this shape, each given to `allocate` once, in the order of the forward pass. */
export function modelOf(config: Gpt2Config, maxBinding: number, allocate: AllocateParam): ModelParams {
  const { nEmbd: C, nInner: F, nLayer: L, nPositions, vocabSize, interaction, gate } = config
  const all: ParamBuffers[] = []
  const own: AllocateParam = (parameter) => {
    const params = allocate(parameter)
    all.push(params)
    return params
  }
  const whole = (name: string, shape: readonly number[]): ParamBuffers =>
    own({
      label: name,
      elements: 4 * Math.ceil(sizeOf(shape) / 4),
      parts: [{ name, shape, at: 0, from: 0, count: sizeOf(shape) }],
      decays: shape.length > 1,
      interacts: false,
    })
  const biasOf = (name: string, extent: number): ParamBuffers | null =>
    hasBias(config, name) ? whole(name, [extent]) : null
  const norm = (name: string): NormParams => ({
    gain: whole(`${name}.weight`, [C]),
    bias: biasOf(`${name}.bias`, C),
  })
  const linear = (name: string, K: number, N: number): LinearParams => ({
    weight: whole(`${name}.weight`, [K, N]),
    bias: biasOf(`${name}.bias`, N),
  })
  const table = (name: string): TokenParams[] =>
    vocabularySlices(vocabSize, Math.floor(maxBinding / (4 * C))).map(({ first, columns }) => ({
      first,
      columns,
      table: own({
        label: `${name}[${first}..]`,
        // Products take rows of the table as columns, which come in fours.
        elements: 4 * Math.ceil(columns / 4) * C,
        parts: [{ name, shape: [vocabSize, C], at: 0, from: first * C, count: columns * C }],
        decays: true,
        interacts: false,
      }),
    }))
  const tokens = table('wte.weight')
  const positions = whole('wpe.weight', [nPositions, C])
  const blocks = Array.from({ length: L }, (_, l): BlockParams => {
    const at = `h.${l}`
    return {
      norm1: norm(`${at}.ln_1`),
      interaction:
        interaction !== null
          ? own(interactionOf(l, interaction.dim, C))
          : gate === null
            ? null
            : own(gateOf(l, C)),
      qkv: linear(`${at}.attn.c_attn`, C, 3 * C),
      project: linear(`${at}.attn.c_proj`, C, C),
      norm2: norm(`${at}.ln_2`),
      expand: linear(`${at}.mlp.c_fc`, C, F),
      contract: linear(`${at}.mlp.c_proj`, F, C),
    }
  })
  const betas =
    interaction !== null
      ? own(biasesOf(L, 'attn.int_bias'))
      : gate === null
        ? null
        : own(biasesOf(L, GATE_NAMES[1]))
  const finalNorm = norm('ln_f')
  const head = config.untiedHead ? table(UNTIED_HEAD) : tokens
  return { tokens, head, positions, blocks, betas, finalNorm, all }
}

function interactionOf(layer: number, r: number, C: number): Parameter {
  const parts = ['q_int', 'k_int'].map((name, i) => ({
    name: `h.${layer}.attn.${name}.weight`,
    shape: [r, C],
    at: i * r * C,
    from: 0,
    count: r * C,
  }))
  const label = `h.${layer}.attn.q_int,k_int`
  return { label, elements: 2 * r * C, parts, decays: true, interacts: true }
}

function gateOf(layer: number, C: number): Parameter {
  const name = `h.${layer}.${GATE_NAMES[0]}`
  const parts = [{ name, shape: [1, C], at: 0, from: 0, count: C }]
  return { label: name, elements: GATE_COLUMNS * C, parts, decays: true, interacts: true }
}

/** @param name of the scalar within its layer */
function biasesOf(L: number, name: string): Parameter {
  const parts = Array.from({ length: L }, (_, l) => ({
    name: `h.${l}.${name}`,
    shape: [1],
    at: l,
    from: 0,
    count: 1,
  }))
  return { label: name, elements: 4 * Math.ceil(L / 4), parts, decays: false, interacts: true }
}

/** Fills every parameter's buffer from tensors. Throws a Failure naming the first that is missing or not finite. */
export async function loadParameters(
  memory: Memory,
  { all }: ModelParams,
  tensors: TensorSource,
): Promise<void> {
  for (const { parameter, weight } of all) {
    const values = new Float32Array(parameter.elements)
    for (const { name, at, from, count } of parameter.parts) {
      const stored = await readF32(tensors, name)
      values.set(stored.subarray(from, from + count), at)
    }
    memory.write(weight, values)
  }
  await memory.settled()
}

/** What of a parameter is read or written: its values or one of its moments. */
export type BufferSet = (params: ParamBuffers) => DeviceBuffer | null

export const WEIGHTS: BufferSet = ({ weight }) => weight
export const GRADIENTS: BufferSet = ({ trained }) => trained?.gradient ?? null
export const FIRST_MOMENTS: BufferSet = ({ trained }) => trained?.first ?? null
export const SECOND_MOMENTS: BufferSet = ({ trained }) => trained?.second ?? null

/** Reads one set of all parameters back, one parameter at a time, as tensors by canonical name. */
export async function readParameters(
  device: ComputeDevice,
  memory: Memory,
  { all }: ModelParams,
  set: BufferSet,
): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>()
  for (const params of all) {
    const buffer = set(params)
    if (buffer === null) continue
    const encoder = device.createCommandEncoder()
    const copy = readBack(memory, encoder, buffer, 4 * params.parameter.elements)
    device.queue.submit([encoder.finish()])
    const values = new Float32Array(await copy.bytes())
    for (const { name, shape, at, from, count } of params.parameter.parts) {
      let tensor = tensors.get(name)
      if (tensor === undefined) {
        tensor = { shape, values: new Float32Array(sizeOf(shape)) }
        tensors.set(name, tensor)
      }
      tensor.values.set(values.subarray(at, at + count), from)
    }
  }
  return tensors
}

/** The inverse of `readParameters`. Throws RangeError when a tensor is missing or has another size. */
export function writeParameters(
  memory: Memory,
  { all }: ModelParams,
  set: BufferSet,
  tensors: ReadonlyMap<string, HostTensor>,
): void {
  for (const params of all) {
    const buffer = set(params)
    if (buffer === null) continue
    const values = new Float32Array(params.parameter.elements)
    for (const { name, shape, at, from, count } of params.parameter.parts) {
      const tensor = tensors.get(name)
      if (tensor?.values.length !== sizeOf(shape)) {
        throw new RangeError(
          `training state: ${name} must have ${sizeOf(shape)} values, got ${tensor?.values.length ?? 'none'}`,
        )
      }
      values.set(tensor.values.subarray(from, from + count), at)
    }
    memory.write(buffer, values)
  }
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1)
