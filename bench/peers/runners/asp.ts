/** asp through its own engine and decoder, its cache of pages included. */

import { runDevice } from '../../../src/cli/base-command.js'
import { openDevice } from '../../../src/device/open.js'
import { GREEDY } from '../../../src/engine/decode/types.js'
import { Engine } from '../../../src/engine/engine.js'
import type { WeightDtype } from '../../../src/engine/matmul.js'
import type { DecodeRule } from '../../../src/engine/rules.js'
import { tensorSource } from '../model.js'
import { type OpenPeer, stopwatch } from '../peer.js'

export interface AspOptions {
  dtype: WeightDtype
  rule: DecodeRule
  /** Instead of `--device`. */
  device?: string
}

/** Rows of a prompt at a time; longer prompts go through in chunks. */
const CHUNK = 512

/** Steps of one submission. */
const STEPS = 16

export const openAsp: OpenPeer<AspOptions> = async (model, { dtype, rule, device }, asked) => {
  const chosen = { device: device ?? asked.device, threads: asked.threads }
  const { record, ...open } = runDevice(await openDevice(chosen))
  const engine = await Engine.open(model.config, tensorSource(model), { ...open, dtype })
  const options = { rule, cache: 'paged', cacheDtype: dtype, slots: 1, chunk: CHUNK } as const
  const decoder = await engine.decoder(options)
  return {
    about: {
      library: 'asp',
      device: record.name,
      weights: dtype,
      cache: dtype,
      threads: null,
      adapter: record,
    },
    async logits(tokens, split) {
      const telling = await engine.decoder({ ...options, logits: true })
      try {
        const prompt = { slot: 0, tokens: tokens.slice(0, split), sampling: GREEDY, next: tokens[split] }
        let { logits } = await telling.prefill([prompt])
        for (let i = split; i < tokens.length; i++) {
          ;({ logits } = await telling.decode([0], 1, Uint32Array.of(tokens[i + 1] ?? 0)))
        }
        if (logits === null) throw new Error('asp: gave no logits')
        return logits.slice(-model.config.vocabSize)
      } finally {
        telling.close()
      }
    },
    async generate(prompt, steps) {
      const lap = stopwatch()
      const tokens = [...(await decoder.prefill([{ slot: 0, tokens: prompt, sampling: GREEDY }])).tokens]
      const prefill = lap()
      for (let left = steps; left > 0; left -= STEPS) {
        tokens.push(...(await decoder.decode([0], Math.min(left, STEPS))).tokens)
      }
      const decode = lap()
      await decoder.release([0])
      return { prefill, decode, tokens }
    },
  }
}
