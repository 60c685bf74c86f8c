/** llama.cpp through node-llama-cpp's prebuilt binaries: on the CPU, or all layers on a Vulkan device. */

import { writeGguf } from '../formats/gguf.js'
import { type About, type OpenPeer, stopwatch } from '../peer.js'

export interface LlamaOptions {
  gpu: false | 'vulkan'
}

const GREEDY = { temperature: 0, yieldEogToken: true }

/** llama.cpp's own default, and more than the longest prompt here: a prompt is one batch. */
const BATCH = 512

export const openLlama: OpenPeer<LlamaOptions> = async (model, { gpu }, { threads }) => {
  const { config } = model
  const modelPath = await writeGguf(model)
  const { getLlama } = await import('node-llama-cpp')
  const llama = await getLlama({
    gpu,
    build: 'never',
    skipDownload: true,
    logLevel: 'error',
    maxThreads: threads,
    vramPadding: 0,
  })
  // It guesses memory needs and refuses; a software device shares the machine's memory, of which there is plenty
  const trusting = { ignoreMemorySafetyChecks: true }
  const loaded = await llama.loadModel({ modelPath, gpuLayers: gpu ? 'max' : 0, ...trusting })
  if (gpu && loaded.gpuLayers < config.nLayer) throw new Error(`only ${loaded.gpuLayers} layers on the GPU`)
  const context = await loaded.createContext({
    contextSize: config.nPositions,
    batchSize: BATCH,
    sequences: 1,
    threads,
    ...trusting,
  })
  const sequence = context.getSequence()
  const about: About = {
    library: `llama.cpp ${llama.llamaCppRelease.release} (node-llama-cpp, ${llama.buildType})`,
    device: gpu ? (await llama.getGpuDeviceNames()).join(', ') : instructionSets(llama.systemInfo),
    weights: 'f16',
    cache: 'f16',
    threads: gpu ? null : context.currentThreads || threads,
  }
  return {
    about,
    async logits(tokens, split) {
      await sequence.clearHistory()
      if (split > 0) await sequence.controlledEvaluate(tokens.slice(0, split))
      for (const token of tokens.slice(split, -1)) await sequence.controlledEvaluate([token])
      const last = tokens[tokens.length - 1]
      const [result] = await sequence.controlledEvaluate([
        [last, { generateNext: { logits: true, options: GREEDY } }],
      ])
      const logits = new Float32Array(config.vocabSize).fill(Number.NaN)
      for (const [token, logit] of result?.next.logits ?? []) logits[token] = logit
      return logits
    },
    async generate(prompt, steps) {
      await sequence.clearHistory()
      const tokens: number[] = []
      const lap = stopwatch()
      const stream = sequence.evaluate([...prompt], GREEDY)
      const next = async () => tokens.push((await stream.next()).value as number)
      await next()
      const prefill = lap()
      for (let step = 0; step < steps; step++) await next()
      const decode = lap()
      await stream.return()
      return { prefill, decode, tokens }
    },
  }
}

/** The widest of what ggml says it uses. */
function instructionSets(info: string): string {
  const used = [...info.matchAll(/(\w+) = 1/g)].map(([, name]) => name)
  return `CPU, ${used.filter((name) => /^(AVX|NEON|FMA|SVE)/.test(name)).join(' ')}`
}
