import { open } from '/tmp/h2/rig.mjs'
import { NEVER, packBatch } from '../src/engine/batch.js'
import { attentionReference } from './reference/attention.js'
import { largestDifference } from './reference/compare.js'
import { seededFloats } from './reference/floats.js'
import { sequencesOf } from './reference/sequence.js'
import { liveListsReference } from './reference/live-lists.js'
import { dropTimesReference } from './reference/drop-times.js'
import { softMaskReference } from './reference/soft-mask.js'
const floatBits = (x) => new Uint32Array(Float32Array.of(x).buffer)[0]
import { SHAPES } from './engine/shapes.js'
const H = 2, C = 64 * H
for (const file of process.version.startsWith('v24') ? ['k', 'k-r'] : ['k']) for (const QT of [16, 32, 48, 64]) {
  const rig = open(`/tmp/h2/${file}.wasm`)
  let bad = 0, checks = 0
  const ok = (c, m) => { checks++; if (!c && bad++ < 10) console.log('BAD', file, QT, m) }
  const DROPS = [
    ['nothing', () => NEVER], ['most', (chance, when, first, n) => (chance < 0.8 ? first + Math.floor(when * (n - first + 3)) : NEVER)], ['next', (c, w, first) => first]]
  const deathsOf = (batch, seed, death) => {
    const chances = seededFloats(seed)(2 * batch.keys).map((v) => v + 0.5)
    const deaths = new Uint32Array(batch.keys)
    batch.segments.forEach(({ trunk }, index) => {
      const { first, length } = batch.views[index]
      const shared = trunk === null ? 0 : batch.views[trunk].length
      for (let j = 0; j < length; j++) { const at = first + j
        const inTrunk = trunk !== null && j < shared ? deaths[batch.views[trunk].first + j] : NEVER
        const time = death(chances[2 * at], chances[2 * at + 1], Math.max(j + 1, shared), length)
        deaths[at] = inTrunk < shared ? inTrunk : time < length ? time : NEVER } })
    return deaths }
  const run = (segments, qkv, deaths, live) => {
    rig.reset()
    const batch = packBatch(segments, [], { queries: QT, keys: 8 })
    const layers = new Uint32Array(2 * batch.keys); layers.set(deaths, batch.keys)
    const [q, table, tiles, death] = [qkv, batch.table, batch.queryTiles, layers].map(rig.upload)
    const out = rig.filled(batch.rows * C), lists = rig.filled(batch.listed), layer = rig.upload(new Uint32Array([batch.keys, 1, 0, 0, 0]))
    const count = batch.queryTiles.length / 2
    rig.run('liveList', [64, QT], [table, tiles, death, lists, layer], [count])
    const listed = rig.words(lists).slice()
    rig.run('attendBatch', [0, 0, live ? 1 : 0, QT, live ? QT : 0], [q, table, tiles, death, out, layer, ...(live ? [lists] : [])], [count, H])
    return { out: rig.floats(out).slice(), listed, batch } }
  for (const { name, segments } of SHAPES) for (const [dn, death] of DROPS) for (const live of [false, true]) {
    const batch = packBatch(segments, [], { queries: QT, keys: 8 })
    const qkv = seededFloats(batch.keys)(batch.rows * 3 * C).map((v) => 4 * v)
    const deaths = deathsOf(batch, 77, death)
    const expected = attentionReference(qkv, sequencesOf(batch), deaths, { C, H })
    const got = run(segments, qkv, deaths, live)
    const worst = largestDifference(got.out, expected)
    ok(worst < 5e-6, `${name} ${dn} ${live}: off by ${worst}`)
    let at = 0
    for (const { room, keys } of liveListsReference(batch, deaths, QT)) { ok([...got.listed.subarray(at, at + 1 + keys.length)].join() === [keys.length, ...keys].join(), 'list'); at += 1 + room }
    if (live) ok(got.out.every((v, i) => v === run(segments, qkv, deaths, false).out[i]) , 'live bits') }
  { // alone vs in batch bits; scale 100
    const seg = (length, trunk = null) => ({ tokens: new Uint32Array(length), trunk })
    const qkv = seededFloats(5)(129 * 3 * C).map((v) => 4 * v)
    const b1 = packBatch([seg(129)], [], { queries: QT, keys: 8 })
    const d1 = deathsOf(b1, 5, DROPS[1][1])
    const alone = run([seg(129)], qkv, d1, true).out
    const rows = new Float32Array((13 + 129) * 3 * C); rows.set(seededFloats(6)(13 * 3 * C)); rows.set(qkv, 13 * 3 * C)
    const both = run([seg(13), seg(129)], rows, Uint32Array.from([...new Array(13).fill(NEVER), ...d1]), true).out
    ok(alone.every((v, i) => v === both[13 * C + i]), 'alone vs batch')
    const big = seededFloats(65)(65 * 3 * C).map((v) => 100 * v), bb = packBatch([seg(65)], [], { queries: QT, keys: 8 }), bd = deathsOf(bb, 77, DROPS[1][1])
    const w = largestDifference(run([seg(65)], big, bd, false).out, attentionReference(big, sequencesOf(bb), bd, { C, H })); ok(w < 0.05, `huge ${w}`) }
  { // masks
    const segments = [65, 1, 7, 130, 2].map((length) => ({ tokens: new Uint32Array(length), trunk: null }))
    const batch = packBatch(segments, [], { queries: QT, keys: 8 })
    const qkv = seededFloats(batch.keys)(batch.rows * 3 * C).map((v) => 4 * v)
    const chances = seededFloats(3)(batch.pairs).map((value) => value + 0.5)
    const laidOut = new Float32Array(batch.pairs).fill(1e9)
    const sequences = sequencesOf(batch)
    let from = 0
    const masks = sequences.map(({ length: n }) => { const stride = 4 * Math.ceil(n / 4); const mask = new Float32Array(n * n)
      for (let k = 0; k < n; k++) { for (let j = 0; j <= k; j++) { const chance = chances[from + k * stride + j]
          mask[k * n + j] = j === k || chance < 1 / 3 ? 0 : chance < 2 / 3 ? -1e30 : -20 * (chance - 2 / 3) }
        laidOut.set(mask.subarray(k * n, k * n + k + 1), from + k * stride) }
      from += n * stride; return mask })
    rig.reset()
    const out = rig.filled(batch.rows * C)
    const b = [qkv, batch.table, batch.queryTiles, laidOut].map(rig.upload)
    rig.run('attendBatch', [0, 1, 0, QT, 0], [...b, out], [batch.queryTiles.length / 2, H])
    const w = largestDifference(rig.floats(out), attentionReference(qkv, sequences, new Uint32Array(batch.keys).fill(NEVER), { C, H, masks }))
    ok(w < 5e-6, `masks ${w}`) }
  // drop times
  for (const { name, segments } of SHAPES) for (const propagate of [false, true]) { const R = 20
    const batch = packBatch(segments, [], { queries: 8, keys: QT })
    const floats = seededFloats(11); const layers = [0, 1].map(() => floats(batch.rows * 2 * R).map((v) => 3 * v))
    for (const beta of [-0.5, 1, 2]) { rig.reset()
      const deaths = rig.upload(new Uint32Array(2 * batch.keys).fill(0xdead)), seg = rig.upload(batch.table)
      let earlier
      layers.forEach((scores, layer) => { const read = rig.upload(scores), u = rig.upload(new Uint32Array([batch.keys, layer, floatBits(beta), 0, R / 4]))
        for (const t of [batch.trunkTiles, batch.branchTiles]) rig.run('dropTimes', [QT, +propagate], [read, seg, rig.upload(t), deaths, u], [t.length / 2])
        const e = dropTimesReference(scores, sequencesOf(batch), { r: R, beta, earlier: propagate ? earlier : undefined })
        ok([...rig.words(deaths).subarray(layer * batch.keys, (layer + 1) * batch.keys)].join() === [...e.deaths].join(), `deaths ${name}`); earlier = e.deaths }) } }
  // soft masks
  for (const { name, segments } of SHAPES.filter(({ segments }) => segments.every(({ trunk }) => trunk === null))) for (const propagate of [false, true]) for (const { alpha, beta } of [{ alpha: 1.3, beta: 2 }, { alpha: 2, beta: 1 }, { alpha: 8, beta: 1.5 }]) { const R = 20, P = 2e-6
    rig.reset()
    const batch = packBatch(segments, [], { queries: 8, keys: QT }); const floats = seededFloats(11); const layers = [0, 1].map(() => floats(batch.rows * 2 * R).map((v) => 3 * v)); const sequences = sequencesOf(batch)
    const [masks, keeps] = [rig.filled(batch.pairs), rig.filled(2 * batch.keys)], [table, tiles] = [batch.table, batch.trunkTiles].map(rig.upload)
    layers.forEach((scores, layer) => rig.run('softMask', [QT, +propagate], [rig.upload(scores), table, tiles, masks, keeps, rig.upload(new Uint32Array([batch.keys, layer, floatBits(beta), floatBits(alpha), R / 4]))], [batch.trunkTiles.length / 2]))
    const got = rig.floats(masks), kept = rig.floats(keeps)
    const first = softMaskReference(layers[0], sequences, { r: R, beta, alpha }), second = softMaskReference(layers[1], sequences, { r: R, beta, alpha, earlier: propagate ? first.masks : undefined })
    let from = 0
    sequences.forEach(({ length: n }, q) => { for (let k = 0; k < n; k++) for (let j = 0; j <= k; j++) { const m = got[from + k * 4 * Math.ceil(n / 4) + j], e = second.masks[q][k * n + j]
      ok(e === -Infinity ? m <= -1e29 : Math.abs(m - e) < P * (k - j + 1) * (1 - e), `mask ${name} ${alpha} ${k} ${j} ${m} ${e}`) }
      from += n * 4 * Math.ceil(n / 4) })
    for (const [layer, { keeps }] of [first, second].entries()) { const w = largestDifference(kept.subarray(layer * batch.keys, (layer + 1) * batch.keys), keeps); ok(w < P * batch.rows, `keeps ${w}`) } }
  console.log(process.version, file, QT, { checks, bad })
}
