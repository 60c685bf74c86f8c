import * as assert from 'uvu/assert'
import { packBatch } from '../../src/engine/batch.js'
import { CACHE_KINDS } from '../../src/engine/decode/types.js'
import type { GenerateOptions } from '../../src/generate/options.js'
import { prepareGenerate } from '../../src/generate/prepare.js'
import { type GenerateHooks, runGenerate } from '../../src/generate/run.js'
import type { EnvironmentRecord } from '../../src/record/common.js'
import type { GenerateRecord, ShadedPiece, TraceLine } from '../../src/record/generate/schema.js'
import { openBundled } from '../golden.js'
import { onEachAdapter, openEngine } from '../gpu.js'
import { checkTrace } from './trace.js'

const OPTIONS: GenerateOptions = {
  dtype: 'auto',
  shift: -0.8,
  cache: 'paged',
  cacheDtype: 'f32',
  maxTokens: 20,
  n: 1,
  stops: [],
  ignoreEos: false,
  showDrops: false,
  trace: false,
  command: ['asp', 'generate'],
}

/** Ragged, so that slots are filled anew at different steps. */
const PROMPTS = [
  'Once upon a time there was a king who had three daughters, and the youngest of them',
  'The sea',
  '"I am sure," said the old man, "that',
  'A dog',
  'It was late in the evening when the carriage stopped before the door of the inn, and',
]

const MODEL = 'asp-tiny'
const checkpoint = await openBundled(MODEL)

await onEachAdapter('generation', (test, open) => {
  const slow = open.adapter.kind === 'swiftshader'

  /** A prompt a line. */
  async function run(
    prompts: readonly string[],
    change: Partial<GenerateOptions> = {},
    hooks: GenerateHooks = {},
  ): Promise<GenerateRecord> {
    const stdin = (async function* () {
      yield Buffer.from(prompts.join('\n'))
    })()
    const prepared = await prepareGenerate({ ...OPTIONS, model: MODEL, ...change }, { file: '-', stdin })
    const environment = {} as EnvironmentRecord
    return runGenerate(prepared, open, { environment, started: new Date() }, hooks)
  }

  const tokensOf = ({ sequences }: GenerateRecord): number[][] => sequences.map(({ tokens }) => tokens)

  const ways = [
    ['greedy', {}],
    ['drawn', { temperature: 0.9, topK: 50, topP: 0.95, seed: 11 }],
  ] as const
  for (const [name, change] of slow ? ways.slice(0, 1) : ways) {
    test(`${name} texts are the same alone and in a batch whose slots change hands`, async () => {
      const together = await run(PROMPTS, { ...change, batch: 3 })
      assert.is(together.status, 'complete')
      assert.ok(together.sequences.every(({ finish, tokens }) => finish === 'length' && tokens.length === 20))
      // One of the first slots, one of a slot that another had before.
      for (const [i, prompt] of PROMPTS.entries()) {
        if (i !== 1 && i !== 4) continue
        const seed = name === 'drawn' ? { seed: 11 + i } : {}
        const alone = await run([prompt], { ...change, ...seed })
        assert.is(alone.sequences[0].text, together.sequences[i].text, prompt)
        assert.is(alone.sequences[0].sparsity, together.sequences[i].sparsity)
      }
      assert.ok((together.sparsity.achieved ?? 0) > 0.3)
      assert.ok(together.cache.live_bytes < 0.8 * together.cache.dense_bytes)
      assert.is(together.timing.decode.tokens, 5 * 19)
    })
  }

  // What remains is the host's work, whatever computes.
  if (slow) return

  test('every cache writes the same text, dense keeps more', async () => {
    const records = []
    for (const cache of CACHE_KINDS) records.push(await run(PROMPTS.slice(1, 2), { cache }))
    for (const record of records) assert.equal(tokensOf(record), tokensOf(records[0]))
    const dense = await run(PROMPTS.slice(1, 2), { shift: undefined, policy: 'dense' })
    const kept = await run(PROMPTS.slice(1, 2), { shift: undefined, sparsity: 0 })
    assert.equal(tokensOf(kept), tokensOf(dense))
    assert.is(dense.sparsity.achieved, null)
    assert.is(kept.sparsity.achieved, 0)
    assert.not.equal(tokensOf(dense), tokensOf(records[0]))
  })

  test('a trace is what a whole pass over the finished text drops; live and final shades agree', async () => {
    const lines: TraceLine[] = []
    const live: (readonly ShadedPiece[])[] = []
    const last: (readonly ShadedPiece[] | null)[] = []
    const record = await run(
      PROMPTS.slice(0, 1),
      { maxTokens: 40 },
      {
        onTrace: (more) => lines.push(...more),
        onDrops: (_, pieces) => live.push(pieces),
        onEnd: (_, __, pieces) => last.push(pieces),
      },
    )
    const { sequences, drops } = checkTrace(lines)
    const [{ tokens, prompt_tokens: prompt }] = sequences
    assert.equal(tokens.slice(prompt), record.sequences[0].tokens)
    const engine = await openEngine(open, checkpoint, 'f16')
    const batch = packBatch([{ tokens: tokens.slice(0, -1), trunk: null }], [], engine.tiles)
    const deaths = await engine.deathTimes(batch, { kind: 'adaptive', shift: -0.8 })
    engine.close()
    const expected = deaths.flatMap(([times], layer) =>
      Array.from(times).flatMap((killer, position) =>
        killer < times.length ? [`${layer}: ${position} by ${killer}`] : [],
      ),
    )
    const told = drops.map((drop) => `${drop.layer}: ${drop.position} by ${drop.killer_position}`)
    assert.equal(told.sort(), expected.sort())
    assert.ok(told.length > 100, `${told.length} drops`)

    const whole = (pieces: readonly ShadedPiece[]): string => pieces.map(({ text }) => text).join('')
    assert.is(last.length, 1)
    const pieces = last[0] ?? []
    assert.is(whole(pieces), PROMPTS[0] + record.sequences[0].text)
    assert.ok(live.length > 2)
    for (const [i, shown] of live.entries()) {
      assert.ok(whole(pieces).startsWith(whole(shown)))
      const next = live[i + 1] ?? pieces
      for (const [at, { share }] of shown.slice(0, -1).entries()) assert.ok(share <= next[at].share)
    }
    const gone = drops.length / 6
    const shares = pieces.reduce((sum, { share }) => sum + share, 0)
    assert.ok(Math.abs(shares - gone) < 1e-9, `${shares} against ${gone}`)
  })

  test('stop strings, the context and an interruption end texts where they should', async () => {
    const [{ text }] = (await run([PROMPTS[1]])).sequences
    const stop = text.slice(9, 14)
    const shown: string[] = []
    const stopped = await run(
      [PROMPTS[1]],
      { stops: [stop, 'never there'] },
      { onText: (_, more) => shown.push(more) },
    )
    assert.is(stopped.sequences[0].text, text.slice(0, text.indexOf(stop)))
    assert.is(shown.join(''), stopped.sequences[0].text)
    assert.is(stopped.sequences[0].finish, 'stop')
    assert.ok(stopped.sequences[0].tokens.length < 20)

    const full = await run(['word '.repeat(1018)], { maxTokens: 50 })
    const { prompt_tokens: prompt, tokens, finish } = full.sequences[0]
    assert.is(prompt + tokens.length, 1024)
    assert.is(finish, 'context')

    const controller = new AbortController()
    const cut = await run(
      PROMPTS,
      { maxTokens: 400, batch: 2 },
      {
        signal: controller.signal,
        onTokens: (count) => count > 30 && controller.abort(),
      },
    )
    assert.is(cut.status, 'incomplete')
    assert.equal(
      cut.sequences.map((one) => one.finish),
      ['interrupted', 'interrupted'],
    )
    assert.ok(cut.sequences.every((one) => one.tokens.length > 10 && one.tokens.length < 400))
  })
})
