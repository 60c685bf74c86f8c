/** ONNX Runtime through onnxruntime-node, on its CPU or WebGPU execution provider; both run the same graph. */
import { createRequire } from 'node:module'
import os from 'node:os'
import type { Tensor } from 'onnxruntime-node'
import { argmax } from '../../../src/stats/basics.js'
import { writeOnnx } from '../formats/onnx.js'
import { type OpenPeer, stopwatch } from '../peer.js'

export interface OnnxOptions {
  provider: 'cpu' | 'webgpu'
}

const require = createRequire(import.meta.url)

/** Masked scores: far below any other, and finite, as exporters write it. */
const MASKED = -1e9

const ERRORS_ONLY = 3

export const openOnnx: OpenPeer<OnnxOptions> = async (model, { provider }, { threads }) => {
  const { nLayer: L, nHead: H, nEmbd: C } = model.config
  const file = await writeOnnx(model)
  // A CommonJS package whose names an import does not see
  const ort = require('onnxruntime-node') as typeof import('onnxruntime-node')
  const session = await ort.InferenceSession.create(file, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: ERRORS_ONLY,
  })
  const caches = ['key', 'value'].flatMap((kind) => Array.from({ length: L }, (_, l) => `${kind}.${l}`))
  let past = new Map<string, Tensor>()
  let length = 0

  const clear = () => {
    length = 0
    past = new Map(
      caches.map((name) => [name, new ort.Tensor('float32', new Float32Array(0), [1, H, 0, C / H])]),
    )
  }
  /** Logits after the last of the tokens. */
  const feed = async (tokens: readonly number[]): Promise<Float32Array> => {
    const T = tokens.length
    const ids = (values: readonly number[]) =>
      new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [1, T])
    const feeds: Record<string, Tensor> = {
      input_ids: ids(tokens),
      position_ids: ids(tokens.map((_, i) => length + i)),
      mask: new ort.Tensor('float32', causalMask(T, length), [T, length + T]),
    }
    for (const [name, tensor] of past) feeds[`past_${name}`] = tensor
    const outputs = await session.run(feeds)
    length += T
    past = new Map(caches.map((name) => [name, outputs[`present_${name}`]]))
    return outputs.logits.data
  }

  const { version } = require('onnxruntime-node/package.json') as { version: string }
  return {
    about: {
      library: `ONNX Runtime ${version} (onnxruntime-node, ${provider})`,
      // The Node binding does not tell which adapter its WebGPU provider took
      device: provider === 'cpu' ? `CPU, ${os.cpus()[0]?.model ?? 'unknown'}` : 'WebGPU, the default adapter',
      weights: 'f32',
      cache: 'f32',
      threads: provider === 'cpu' ? threads : null,
    },
    async logits(tokens, split) {
      clear()
      let logits = await feed(tokens.slice(0, split))
      for (const token of tokens.slice(split)) logits = await feed([token])
      return logits
    },
    async generate(prompt, steps) {
      clear()
      const lap = stopwatch()
      const tokens = [argmax(await feed(prompt))]
      const prefill = lap()
      for (let step = 0; step < steps; step++) tokens.push(argmax(await feed([tokens[step]])))
      return { prefill, decode: lap(), tokens }
    },
  }
}

/** (T, past + T): what is added to the scores. */
function causalMask(T: number, past: number): Float32Array {
  const columns = past + T
  const mask = new Float32Array(T * columns)
  for (let i = 0; i < T; i++) mask.fill(MASKED, i * columns + past + i + 1, (i + 1) * columns)
  return mask
}
