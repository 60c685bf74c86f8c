/** The rows of the comparison: one table of who runs, and how each is opened. */

import type { Model } from './model.js'
import type { OpenOptions, Peer } from './peer.js'
import type { AspOptions } from './runners/asp.js'
import type { LlamaOptions } from './runners/llama.js'
import type { OnnxOptions } from './runners/onnx.js'

export interface Row {
  name: string
  /** The dense row of asp with the same weights, which ratios are formed with. */
  against: 'asp f16' | 'asp f32'
  /** Computes something else on purpose: shown, but in no check of logits. */
  label?: string
  open: (model: Model, options: OpenOptions) => Promise<Peer>
}

/** Runners are imported by the process that runs them: a library that cannot be loaded spoils its own row only. */
const asp = (own: AspOptions) => async (model: Model, options: OpenOptions) =>
  (await import('./runners/asp.js')).openAsp(model, own, options)
const llama = (own: LlamaOptions) => async (model: Model, options: OpenOptions) =>
  (await import('./runners/llama.js')).openLlama(model, own, options)
const onnx = (own: OnnxOptions) => async (model: Model, options: OpenOptions) =>
  (await import('./runners/onnx.js')).openOnnx(model, own, options)

const DENSE = { kind: 'dense' } as const

export const ROWS: readonly Row[] = [
  { name: 'asp f32', against: 'asp f32', open: asp({ dtype: 'f32', rule: DENSE }) },
  { name: 'asp f16', against: 'asp f16', open: asp({ dtype: 'f16', rule: DENSE }) },
  {
    name: 'asp f16, 0.8 dropped',
    against: 'asp f16',
    label: 'synthetic drops: 80 % of the tokens die a few steps after they came',
    open: asp({ dtype: 'f16', rule: { kind: 'synthetic', sparsity: 0.8 } }),
  },
  {
    name: 'asp f16, software driver',
    against: 'asp f16',
    open: asp({ dtype: 'f16', rule: DENSE, device: 'software' }),
  },
  { name: 'llama.cpp CPU', against: 'asp f16', open: llama({ gpu: false }) },
  { name: 'llama.cpp Vulkan', against: 'asp f16', open: llama({ gpu: 'vulkan' }) },
  { name: 'ONNX Runtime CPU', against: 'asp f32', open: onnx({ provider: 'cpu' }) },
  { name: 'ONNX Runtime WebGPU', against: 'asp f32', open: onnx({ provider: 'webgpu' }) },
]

/** What issue or reader expects of the figures: asp's rate over a row's. */
export interface Target {
  row: string
  test: 'prefill' | 'decode'
  atLeast: number
}

/** V8 can make one instruction of two neighbouring vectors from Node 24 on, which doubles what asp's CPU device can do. */
const FUSES = Number.parseInt(process.versions.node, 10) >= 24

/** Of asp on the CPU. */
export const TARGETS: readonly Target[] = [
  { row: 'llama.cpp CPU', test: 'prefill', atLeast: FUSES ? 1.2 : 0.7 },
  { row: 'llama.cpp CPU', test: 'decode', atLeast: 0.5 },
]
