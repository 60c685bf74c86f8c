import * as assert from 'uvu/assert'
import {
  type LogitLayout,
  logitSlices,
  logitWords,
  NO_TOKEN,
  NOT_FORCED,
  sampleKernel,
  sampleLanes,
  sampleUniform,
  samplingWords,
} from '../../src/engine/decode/sampling.js'
import { GREEDY, type Sampling } from '../../src/engine/decode/types.js'
import { vocabularySlices } from '../../src/engine/gpt2/vocabulary.js'
import { chooseTuning } from '../../src/engine/tuning.js'
import { KernelBench, onEachAdapter } from '../gpu.js'
import { seededFloats } from '../reference/floats.js'
import { logsumexpReference } from '../reference/logsumexp.js'
import { probabilitiesReference, scoresReference } from '../reference/sampling.js'

function layoutOf(V: number, limit: number, lanes: number): LogitLayout {
  const slices = vocabularySlices(V, limit)
  const columns = slices.map((slice) => Math.ceil(slice.columns / 4) * 4)
  return { vocabSize: V, width: slices.length === 1 ? columns[0] : slices[0].columns, columns, lanes }
}

/** Rows of logits slice after slice; what lies in the padding is larger than any logit and must not be seen. */
function inSlices(layout: LogitLayout, rows: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(rows.length * logitWords(layout)).fill(1e9)
  let offset = 0
  layout.columns.forEach((columns, slice) => {
    const first = slice * layout.width
    rows.forEach((row, m) => {
      out.set(row.subarray(first, Math.min(first + columns, row.length)), offset + m * columns)
    })
    offset += rows.length * columns
  })
  return out
}

interface Drawn {
  chosen: Uint32Array
  /** (M, 2) */
  tokens: Uint32Array
  /** (steps, M) */
  ring: Uint32Array
}

interface Draw {
  samplings?: readonly Sampling[]
  /** Of each row's last token; 0 when left out. */
  positions?: readonly number[]
  /** Step, and what is forced at it. */
  step?: number
  forced?: readonly number[]
}

await onEachAdapter('sampling', (test, open) => {
  const bench = new KernelBench(open)
  test.after.each(() => bench.clear())
  const own = sampleLanes(chooseTuning(open.adapter))

  async function draw(
    layout: LogitLayout,
    rows: readonly Float32Array[],
    options: Draw = {},
  ): Promise<Drawn> {
    const { samplings, positions, step = 0, forced } = options
    const M = rows.length
    const tokens = bench.upload(
      Uint32Array.from({ length: 2 * M }, (_, i) => (i % 2 ? (positions?.[i >> 1] ?? 0) : 77)),
    )
    const ring = bench.upload(new Uint32Array((step + 1) * M).fill(99))
    const logits = bench.upload(inSlices(layout, rows))
    const all = Uint32Array.from({ length: (step + 1) * M }, (_, i) => forced?.[i - step * M] ?? 55)
    const bindings = [
      logits,
      tokens,
      ring,
      forced === undefined ? logits : bench.upload(all),
      bench.uniform(sampleUniform(layout, { rows: M, step, forced: forced !== undefined })),
      ...(samplings === undefined ? [] : [bench.upload(samplingWords(samplings))]),
    ]
    const spec = sampleKernel(layout.lanes, samplings === undefined)
    const read = await bench.run([{ spec, bindings, grid: [M] }], ring, (step + 1) * M)
    const drawn = new Uint32Array(read)
    return {
      ring: drawn,
      chosen: drawn.subarray(step * M),
      tokens: new Uint32Array(await bench.run([], tokens, 2 * M)),
    }
  }

  /** Rows of random logits; where `ties` says so the largest comes several times over. */
  function randomRows(M: number, V: number, ties = false): Float32Array[] {
    const floats = seededFloats(M * V + 1)
    return Array.from({ length: M }, (_, m) => {
      const row = floats(V).map((value) => 12 * value)
      const places = [m % V, (m * 31 + 1) % V, (m * 17 + 40) % V, V - 1]
      if (ties) for (const place of places.slice(0, (m % 4) + 1)) row[place] = 7
      return row
    })
  }

  const RULES: Omit<Sampling, 'seed'>[] = [
    { temperature: 1, topK: 0, topP: 1 },
    { temperature: 0.7, topK: 5, topP: 1 },
    { temperature: 1.3, topK: 0, topP: 0.8 },
    { temperature: 2, topK: 40, topP: 0.6 },
    { temperature: 1, topK: 1000, topP: 0.999 },
  ]

  for (const [M, V, limit] of [
    [1, 7, 64],
    [7, 65, 64],
    [9, 150, 64],
    [65, 129, 128],
  ]) {
    test(`arg max of ${M} rows of ${V} tokens, ${limit} a slice, the lowest token of a tie`, async () => {
      const rows = randomRows(M, V, true)
      const best = rows.map((row) => logsumexpReference(row).best)
      const positions = rows.map((_, m) => 3 * m)
      for (const lanes of new Set([own, 128])) {
        const layout = layoutOf(V, limit, lanes)
        for (const samplings of [
          undefined,
          rows.map(() => GREEDY),
          rows.map((_, m) => ({ ...GREEDY, temperature: 1, topK: 1, seed: m })),
        ]) {
          const { chosen, tokens } = await draw(layout, rows, { samplings, positions })
          assert.equal([...chosen], best)
          assert.equal(
            [...tokens],
            rows.flatMap((_, m) => [best[m], 3 * m + 1]),
          )
        }
      }
    })
  }

  test('a top p that nothing reaches is the arg max, and logits far from zero are as good as any', async () => {
    const rows = [
      [-5000, -5001, -9000, -5000.5],
      [7999, 7000, -8000, 8000],
      [0, -200, -300, 1],
      [-3, -1e-30, 0, -2],
    ].map((row) => Float32Array.from(row))
    const layout = layoutOf(4, 64, own)
    for (const temperature of [1e-4, 0.5, 30]) {
      const samplings = rows.map((_, seed) => ({ temperature, topK: 0, topP: 1e-6, seed }))
      assert.equal([...(await draw(layout, rows, { samplings })).chosen], [0, 3, 3, 2])
    }
  })

  test('no token where a logit is NaN or +infinity, whatever the row would draw; -infinity is a token of no weight', async () => {
    const [nan, infinite] = [Number.NaN, Number.POSITIVE_INFINITY]
    const V = 150
    const layout = layoutOf(V, 64, own)
    const finite = randomRows(1, V)[0].map((value) => value / 4)
    const best = logsumexpReference(finite).best
    const changed = (places: readonly number[], value: number): Float32Array =>
      finite.map((own, i) => (places.includes(i) ? value : own))
    const everywhere = Array.from({ length: V }, (_, i) => i)
    const broken = [
      ...[0, 1, 63, 64, 130, V - 1].map((place) => changed([place], nan)),
      ...[0, 2, 77, V - 1].map((place) => changed([place], infinite)),
      changed(everywhere, nan),
      changed(everywhere, infinite),
      changed([best], nan),
    ]
    const rows = [...broken, finite, changed([best === 0 ? 1 : 0], -infinite)]
    const samplingsOf = (sampling: Omit<Sampling, 'seed'>) => rows.map((_, seed) => ({ ...sampling, seed }))
    for (const samplings of [undefined, samplingsOf(GREEDY), ...RULES.map(samplingsOf)]) {
      const { chosen } = await draw(layout, rows, { samplings })
      assert.equal([...chosen.subarray(0, broken.length)], Array(broken.length).fill(NO_TOKEN))
      for (const token of chosen.subarray(broken.length)) assert.ok(token < V)
      if (samplings === undefined) assert.equal([...chosen.subarray(broken.length)], [best, best])
    }
    const forced = rows.map((_, m) => m)
    assert.equal([...(await draw(layout, rows, { forced })).chosen], forced)
  })

  test('the ring, forced tokens and positions of a later step', async () => {
    const rows = randomRows(5, 70)
    const best = rows.map((row) => logsumexpReference(row).best)
    const forced = [NOT_FORCED, 69, NOT_FORCED, 0, NOT_FORCED]
    const expected = best.map((token, m) => (forced[m] === NOT_FORCED ? token : forced[m]))
    for (const samplings of [undefined, rows.map(() => GREEDY)]) {
      const { ring, tokens } = await draw(layoutOf(70, 64, own), rows, {
        samplings,
        step: 2,
        forced,
        positions: [0, 1, 2, 3, 1022],
      })
      assert.equal([...ring], [...Array(10).fill(99), ...expected])
      assert.equal(
        [...tokens],
        expected.flatMap((token, m) => [token, [1, 2, 3, 4, 1023][m]]),
      )
    }
  })

  // Of few tokens one may win with noise from anywhere in its range.
  for (const [V, limit, M] of [
    [3, 64, 2000],
    [150, 64, 60],
    [300, 128, 60],
  ]) {
    test(`draws from ${V} tokens are the reference's, within rounding`, async () => {
      const rows = randomRows(M, V)
      const samplings = rows.map((_, m) => ({ ...RULES[m % RULES.length], seed: m * 0x9e3779b9 }))
      const positions = rows.map((_, m) => 17 * m)
      const { chosen } = await draw(layoutOf(V, limit, own), rows, { samplings, positions })
      chosen.forEach((token, m) => {
        const allowed = probabilitiesReference(rows[m], samplings[m])
        const scores = scoresReference(rows[m], samplings[m], positions[m] + 1)
        const best = Math.max(...scores.filter((_, other) => allowed[other] > 0))
        assert.ok(allowed[token] > 0, `row ${m}: drew ${token}, which is ruled out`)
        assert.ok(
          scores[token] > best - 1e-4,
          `row ${m}: drew ${token}, ${best - scores[token]} below the best`,
        )
      })
    })
  }

  for (const rule of RULES) {
    test(`frequencies at temperature ${rule.temperature}, top k ${rule.topK}, top p ${rule.topP}`, async () => {
      const [V, M] = [67, 4096]
      const row = seededFloats(3)(V).map((value) => 8 * value)
      const rows = Array.from({ length: M }, () => row)
      const probabilities = probabilitiesReference(row, rule as Sampling)
      // Once over seeds at one position, once over positions with one seed.
      for (const bySeed of [true, false]) {
        const { chosen } = await draw(layoutOf(V, 64, own), rows, {
          samplings: rows.map((_, m) => ({ ...rule, seed: bySeed ? m : 1234 })),
          positions: rows.map((_, m) => (bySeed ? 5 : m)),
        })
        const counts = new Float64Array(V)
        for (const token of chosen) counts[token]++
        let [chi, cells, rare, rareExpected] = [0, 0, 0, 0]
        probabilities.forEach((probability, token) => {
          const expected = M * probability
          if (probability === 0) assert.is(counts[token], 0, `token ${token} is ruled out`)
          else if (expected < 5) [rare, rareExpected] = [rare + counts[token], rareExpected + expected]
          else [chi, cells] = [chi + (counts[token] - expected) ** 2 / expected, cells + 1]
        })
        if (rareExpected > 1) [chi, cells] = [chi + (rare - rareExpected) ** 2 / rareExpected, cells + 1]
        // Four standard deviations of chi square with `cells` - 1 degrees of freedom.
        const freedom = cells - 1
        assert.ok(chi < freedom + 4 * Math.sqrt(2 * freedom) + 4, `chi square ${chi} of ${freedom}`)
      }
    })
  }

  test('a draw depends on seed, position and logits, not on row, batch or step', async () => {
    const layout = layoutOf(150, 64, own)
    const rows = randomRows(6, 150).map((row) => row.map((value) => value / 4))
    const samplings = rows.map((_, m) => ({ ...RULES[m % 4], seed: 100 + m }))
    const positions = rows.map((_, m) => 40 * m)
    const { chosen } = await draw(layout, rows, { samplings, positions })
    const turned = await draw(layout, rows.toReversed(), {
      samplings: samplings.toReversed(),
      positions: positions.toReversed(),
      step: 3,
    })
    assert.equal([...turned.chosen.toReversed()], [...chosen])
    for (const m of rows.keys()) {
      const alone = await draw(layout, [rows[m]], { samplings: [samplings[m]], positions: [positions[m]] })
      assert.is(alone.chosen[0], chosen[m])
    }
    const seeds = Array.from({ length: 64 }, (_, seed) => ({ ...RULES[0], seed }))
    const other = await draw(
      layout,
      seeds.map(() => rows[0]),
      { samplings: seeds },
    )
    assert.ok(new Set(other.chosen).size > 8, 'seeds matter')
    const places = seeds.map((_, position) => position)
    const moved = await draw(
      layout,
      seeds.map(() => rows[0]),
      { samplings: seeds.map(() => seeds[0]), positions: places },
    )
    assert.ok(new Set(moved.chosen).size > 8, 'positions matter')
  })

  test('slices of the logits buffer follow one another without gaps', () => {
    const layout = layoutOf(150, 64, own)
    const buffer = bench.filled(3 * logitWords(layout))
    const parts = logitSlices(layout, 3, buffer).map(({ offset, size }) => [offset, size])
    assert.equal(parts, [
      [0, 768],
      [768, 768],
      [1536, 288],
    ])
    assert.is(logitWords(layout), 152)
  })
})
