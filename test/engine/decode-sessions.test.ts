/**
 * What a decoder promises besides its numbers (docs/method.md, Properties 15 to 17): how many steps go into a submission
 * changes nothing, nothing is read back in between, sequences come and go, and memory follows them.
 */

import * as assert from 'uvu/assert'
import type { ComputeDevice, DeviceBuffer } from '../../src/engine/compute/device.js'
import type { Decoder } from '../../src/engine/decode/decoder.js'
import { PAGE } from '../../src/engine/decode/layout.js'
import { CACHE_KINDS, type DecoderOptions, GREEDY, type Sampling } from '../../src/engine/decode/types.js'
import type { Engine } from '../../src/engine/engine.js'
import { goldenRequests, goldenTensors, openBundled, openMicro } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { largestDifference } from '../reference/compare.js'
import { ADAPTIVE, assertSame, OPTIONS, stepByStep, wholePass } from './decode-runs.js'

const micro = await openMicro()
const tiny = await openBundled('asp-tiny')

const ids = goldenTensors('micro/forward').words('input_ids')
const text = Uint32Array.from(goldenRequests().flatMap(({ context_ids }) => context_ids))
const PROMPTS = [16, 11, 3].map((length, b) => ids.slice(40 * b, 40 * b + length))
const SLOTS = [0, 1, 2]
const SAMPLED: Sampling = { temperature: 1.3, topK: 20, topP: 0.95, seed: 7 }

/** Calls of DeviceBuffer.mapAsync while `work` is done. */
async function mappings(open: { device: ComputeDevice }, work: () => Promise<unknown>): Promise<number> {
  const buffer = open.device.createBuffer({ label: '', size: 16, usage: 1 /* MAP_READ */ })
  const prototype: DeviceBuffer = Object.getPrototypeOf(buffer)
  const { mapAsync } = prototype
  let calls = 0
  prototype.mapAsync = function (...range) {
    calls++
    return mapAsync.apply(this, range)
  }
  try {
    await work()
  } finally {
    prototype.mapAsync = mapAsync
    buffer.destroy()
  }
  return calls
}

/** Tokens of each slot, `calls` calls of `steps` steps, the first one after the prompt included. */
async function generate(decoder: Decoder, calls: number, steps: number): Promise<number[][]> {
  const tokens: number[][] = SLOTS.map(() => [])
  for (let call = 0; call < calls; call++) {
    const result = await decoder.decode(SLOTS, steps)
    result.tokens.forEach((token, i) => {
      tokens[i % SLOTS.length].push(token)
    })
  }
  return tokens
}

await onEachAdapter('decoder', (test, open) => {
  let engine: Engine
  test.before(async () => {
    engine = await openEngine(open, micro)
  })
  test.after(() => engine.close())
  const opened = (options: Partial<DecoderOptions>): Promise<Decoder> =>
    engine.decoder({ ...OPTIONS, ...options })
  const prefill = (decoder: Decoder, sampling: Sampling) =>
    decoder.prefill(PROMPTS.map((tokens, slot) => ({ slot, tokens, sampling })))

  // Software drivers have their share: what a submission of many steps is to WebGPU.
  const slow = open.adapter.kind !== 'cpu'
  for (const cache of slow ? CACHE_KINDS.slice(0, 1) : CACHE_KINDS) {
    for (const [name, sampling] of [
      ['greedy', GREEDY],
      ['sampled', SAMPLED],
    ] as const) {
      test(`${cache}, ${name}: 16 steps of one submission are those of 16, with one mapping each`, async () => {
        const runs: number[][][] = []
        for (const steps of [1, 16]) {
          const decoder = await opened({ cache })
          await prefill(decoder, sampling)
          const count = await mappings(open, async () => {
            runs.push(await generate(decoder, 32 / steps, steps))
          })
          assert.is(count, 32 / steps)
          decoder.close()
        }
        assert.equal(runs[0], runs[1])
        assert.ok(new Set(runs[0].flat()).size > 1, 'one token over and over shows little')
      })
    }

    test(`${cache}: a sequence that joins others gives what it gives alone, and they what they gave`, async () => {
      const late = ids.slice(90, 110)
      const undisturbed = await opened({ cache, logits: true })
      await prefill(undisturbed, GREEDY)
      const expected = (await generate(undisturbed, 9, 1)).map((tokens) => tokens.join())
      await undisturbed.release(SLOTS)
      await undisturbed.prefill([{ slot: 1, tokens: late, sampling: GREEDY }])
      const alone = await undisturbed.decode([1], 1)
      undisturbed.close()

      const decoder = await opened({ cache, logits: true })
      await prefill(decoder, GREEDY)
      const before = await generate(decoder, 4, 1)
      // Not waited for: calls are worked through in order.
      const released = decoder.release([1])
      await decoder.prefill([{ slot: 1, tokens: late, sampling: GREEDY }])
      await released
      const joined = await decoder.decode([1], 1)
      const after = await generate(decoder, 5, 1)
      for (const slot of [0, 2]) {
        assert.is([...before[slot], ...after[slot]].join(), expected[slot])
      }
      assert.equal([...joined.tokens], [...alone.tokens])
      const worst = largestDifference(joined.logits ?? [], alone.logits ?? [Number.NaN])
      assert.ok(worst < 1e-5, `off by ${worst}`)
      decoder.close()
    })

    test(`${cache}: everything is freed`, async () => {
      const before = engine.ledger()
      const decoder = await opened({ cache })
      await prefill(decoder, GREEDY)
      const pending = decoder.decode(SLOTS, 16)
      await decoder.deaths()
      await pending
      await decoder.release([0])
      decoder.close()
      const after = engine.ledger()
      for (const [purpose, { bytes }] of Object.entries(before)) {
        assert.is(after[purpose as keyof typeof after].bytes, bytes, purpose)
      }
    })
  }

  if (slow) return

  test('keys and values in halves: the same drops, logits nearly the same', async () => {
    const sequences = [ids.slice(0, 40), ids.slice(40, 70)]
    const whole = await wholePass(engine, sequences, ADAPTIVE)
    for (const cache of CACHE_KINDS) {
      const steps = await stepByStep(engine, sequences, { cache, cacheDtype: 'f16', chunk: 7 }, (n) => n - 9)
      const apart = assertSame(steps, whole, { tolerance: 1e-2 })
      assert.ok(apart > 1e-4, 'halves would have shown')
    }
  })

  test('memory follows the sequences, and is reported as it is', async () => {
    const real = await openEngine(open, tiny)
    const { nEmbd: C, nLayer: L } = real.config
    const rowBytes = 4 * 2 * C
    const decoder = await real.decoder({ ...OPTIONS, rule: { kind: 'dense' }, slots: 2, chunk: 256 })
    const bytes = () => real.ledger().cache.bytes
    const empty = bytes()
    assert.equal([decoder.usage().held, decoder.usage().live], [0, 0])
    const prompt = (slot: number, length: number) => ({
      slot,
      tokens: text.slice(0, length),
      sampling: GREEDY,
    })
    await decoder.prefill([prompt(1, 20)])
    await decoder.prefill([prompt(0, 990)])
    const { usage: full } = await decoder.decode([0, 1], 10)
    const grown = bytes()
    assert.equal(
      full.rows.map((rows) => [...rows]),
      Array.from({ length: L }, () => [1000, 30]),
    )
    assert.is(full.live, L * 1030 * rowBytes)
    // 32 pages and one.
    assert.is(full.held, L * 33 * PAGE * rowBytes)
    assert.ok(full.allocated >= full.held && full.allocated < 1.2 * full.held)
    assert.ok(grown >= full.allocated && grown < 1.01 * full.allocated, `${grown} bytes`)
    await decoder.release([0])
    const { usage: small } = await decoder.decode([1], 1)
    assert.is(small.live, L * 31 * rowBytes)
    assert.is(small.held, L * PAGE * rowBytes)
    assert.ok(bytes() < 0.2 * grown, `${bytes()} bytes left of ${grown}, ${empty} at first`)
    decoder.close()
    real.close()
  })

  for (const { name, says } of [
    {
      name: 'a token dropped in one layer is dropped in later ones',
      says: { propagateInDepth: true, grace: 0 },
    },
    { name: 'a token has its grace', says: { propagateInDepth: false, grace: 9 } },
  ])
    test(`${name}, where the checkpoint says so`, async () => {
      const { config, tensors } = micro
      const interaction = { dim: config.interaction?.dim ?? 0, ...says }
      const deep = await openEngine(open, { config: { ...config, interaction }, tensors })
      const sequences = [ids.slice(0, 40), ids.slice(40, 70)]
      const whole = await wholePass(deep, sequences, ADAPTIVE)
      const apart = await wholePass(engine, sequences, ADAPTIVE)
      assert.not.equal(whole.deaths, apart.deaths)
      for (const cache of CACHE_KINDS) {
        assertSame(await stepByStep(deep, sequences, { cache, chunk: 7 }, (n) => n - 9), whole)
      }
      deep.close()
    })
})
