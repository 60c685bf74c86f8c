/**
 * `node --import tsx bench/soak.ts [--minutes 30] [--threads 2] [--every 60]`: scoring, decoding and training in turns on the
 * CPU device, each with an engine or trainer of its own, in one process. Prints what memory it has; ends with exit code 1 when
 * it has grown. Nothing here is a test of speed: the machine may be busy.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../src/data/checkpoint.js'
import { usableCores } from '../src/device/cores.js'
import { openCpu } from '../src/device/open-cpu.js'
import { packBatch } from '../src/engine/batch.js'
import { CACHE_KINDS } from '../src/engine/decode/types.js'
import { Engine } from '../src/engine/engine.js'
import type { DropRule } from '../src/engine/rules.js'
import { Trainer } from '../src/engine/train/trainer.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    threads: { type: 'string', default: String(usableCores()) },
    every: { type: 'string', default: '60' },
  },
})
const [minutes, threads, every] = [values.minutes, values.threads, values.every].map(Number)

/** Bytes that may come on top of what there was after the first rounds: the garbage collector takes its time. */
const SLACK = 64 * 2 ** 20
/** The list of kernels to run grows with the longest. */
const SMALL = 2 ** 20
/** Rounds before memory is looked at: code is compiled and buffers find their sizes. */
const WARM_UP = 20

const { config, tensors } = await openCheckpoint(
  fileURLToPath(new URL('../models/asp-tiny', import.meta.url)),
)
const open = await openCpu({ threads })
const { device, lost, adapter } = open
const openEngine = () => Engine.open(config, tensors, { device, lost, adapter, dtype: 'f16' })

let seed = 1
const below = (limit: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor((seed / 2 ** 32) * limit)
}
const text = (length: number): Uint32Array => Uint32Array.from({ length }, () => below(config.vocabSize))

const RULES: DropRule[] = [
  { kind: 'dense' },
  { kind: 'adaptive', shift: -0.5 },
  { kind: 'soft', alpha: 4, shift: 0 },
  { kind: 'h2o', size: 64 },
  { kind: 'streaming', size: 64 },
]

/** Batches of any size, with branches where the rule takes them. */
async function score(): Promise<void> {
  const engine = await openEngine()
  for (const rule of RULES) {
    const trunks = Array.from({ length: 1 + below(6) }, () => ({ tokens: text(2 + below(300)), trunk: null }))
    const branches =
      rule.kind === 'soft' ? [] : trunks.map((_, trunk) => ({ tokens: text(1 + below(20)), trunk }))
    const segments = [...trunks, ...branches]
    const targets = segments.flatMap(({ tokens }, segment) =>
      Array.from(tokens, (token, row) => ({ segment, row, token })),
    )
    await engine.score(packBatch(segments, targets, engine.tiles), rule)
  }
  engine.close()
}

/** Texts that come and go in each cache. */
async function decode(): Promise<void> {
  const engine = await openEngine()
  for (const cache of CACHE_KINDS) {
    const slots = 1 + below(6)
    const decoder = await engine.decoder({
      rule: { kind: 'adaptive', shift: -0.5 },
      cache,
      cacheDtype: below(2) === 0 ? 'f32' : 'f16',
      slots,
      chunk: 128,
    })
    const all = Array.from({ length: slots }, (_, slot) => slot)
    for (let turn = 0; turn < 3; turn++) {
      const sampling = { temperature: 1, topK: 40, topP: 0.95, seed: below(1000) }
      await decoder.prefill(all.map((slot) => ({ slot, tokens: text(1 + below(400)), sampling })))
      await decoder.decode(all, 1 + below(48))
      await decoder.release(all)
    }
    decoder.close()
  }
  engine.close()
}

async function train(): Promise<void> {
  const [B, T] = [1 + below(3), 8 * (4 + below(28))]
  const trainer = await Trainer.open(config, tensors, {
    device,
    lost,
    adapter,
    rule: { kind: 'adaptive' },
    tokens: T,
    sequences: B,
    trainable: 'all',
    optimiser: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clip: 1 },
    recompute: below(2) === 0,
  })
  for (let step = 0; step < 3; step++) {
    const inputs = { step, alpha: 2, rate: 1e-4, gamma: 0.3, distill: 0 }
    await trainer.step({ ...inputs, batches: [{ tokens: text(B * T) }] })
  }
  trainer.restore(await trainer.state())
  trainer.close()
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

function describe({ rss, linear, taken }: Held): string {
  return `resident ${mebibytes(rss)}, linear memory ${mebibytes(linear)}, taken ${mebibytes(taken)}`
}

const began = performance.now()
const minutesNow = (): number => (performance.now() - began) / 60_000
let [rounds, shown] = [0, Number.NEGATIVE_INFINITY]
interface Held {
  rss: number
  linear: number
  taken: number
}
let first: Held | null = null
const most: Held = { rss: 0, linear: 0, taken: 0 }
while (minutesNow() < minutes) {
  for (const work of [score, decode, train]) await work()
  rounds++
  const now: Held = { rss: process.memoryUsage.rss(), ...device.memory }
  if (rounds === WARM_UP) first = now
  for (const what of ['rss', 'linear', 'taken'] as const) most[what] = Math.max(most[what], now[what])
  if (60 * (minutesNow() - shown) < every) continue
  shown = minutesNow()
  process.stdout.write(`${shown.toFixed(1).padStart(5)} min, ${rounds} rounds: ${describe(now)}\n`)
}
open.close()
if (first === null) throw new Error(`only ${rounds} rounds: too few to tell`)
// What is taken between rounds is the device's own: the same after every round.
const grown =
  most.rss > first.rss + SLACK || most.linear > first.linear + SLACK || most.taken > first.taken + SMALL
process.stdout.write(
  `${grown ? 'grown' : 'not grown'}: after ${WARM_UP} rounds ${describe(first)}; at most ${describe(most)}\n`,
)
if (grown) process.exitCode = 1
