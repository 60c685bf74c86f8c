import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { buildPplRecord } from '../../src/record/ppl/build.js'
import { pplCsv } from '../../src/report/ppl-csv.js'
import { renderPpl } from '../../src/report/ppl-table.js'
import { contextParts, pplParts, RULES, SIZED_RULES } from '../record/ppl-fixture.js'

const record = buildPplRecord(pplParts())
const dense = buildPplRecord(
  pplParts({
    policy: { name: 'dense', propagate_in_depth: null },
    contexts: [contextParts({ rules: RULES.slice(0, 1) })],
  }),
)

const test = suite('ppl table')

/** Cells of the lines between borders. */
const rows = (text: string): string[][] =>
  text.split('\n').flatMap((line) =>
    line.startsWith('│')
      ? [
          line
            .split('│')
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  )

test('levels that all dropped nothing are said to be the dense model', () => {
  const none = RULES.map((rule) => ({
    ...rule,
    scores: rule.scores.map((score) => ({
      ...score,
      drops: score.drops && { ...score.drops, pairShares: Array.from(score.drops.pairShares, () => 0) },
    })),
  }))
  const said = /^Nothing +was dropped/m
  assert.match(renderPpl(buildPplRecord(pplParts({ contexts: [contextParts({ rules: none })] }))), said)
  assert.not.match(renderPpl(record), said)
  assert.not.match(renderPpl(dense), said)
})

test('a row a level, soft evaluations beside it', () => {
  const [head, below, ...lines] = rows(renderPpl(record))
  assert.equal(head.slice(0, 6), ['ctx', 'Sparsity', 'S_pair', 'S@ctx', 'KV', 'KV'])
  assert.equal(below.slice(4, 6), ['', 'peak'])
  assert.equal(head.slice(-2), ['NLL', '- dense'])
  assert.equal(below.slice(-2), ['α 8', 'α 8'])
  assert.equal(
    lines.slice(0, 3).map((cells) => cells.slice(0, 7)),
    [
      ['8', 'dense', '', '', '', '', '4.1000'],
      // 36 entries and 28 pairs a window.
      ['8', '0.5', '0.6500', '0.7000', '0.4944', '0.4375', '4.2000'],
      ['8', 'shift 0', '0.6500', '0.7000', '0.4944', '0.4375', '4.3000'],
    ],
  )
  assert.equal(
    lines.slice(0, 3).map((cells) => cells.slice(-2)),
    [
      ['', ''],
      ['4.1500', '+0.0500'],
      ['4.2500', '+0.1500'],
    ],
  )
  assert.is(lines[1][11], '+0.1000')
})

test('the change by position, and what a reader must know', () => {
  const text = renderPpl(record)
  assert.match(text, 'NLL - dense by tokens of context before the prediction, ctx 8\n')
  assert.equal(rows(text).at(-1), ['0-7', '21', '+0.1000', '+0.2000'])
  assert.match(text, /^Text +book\.txt: 100 tokens, 70 words, 410 bytes$/m)
  assert.match(text, /^Scored +ctx 8: 3 windows, 21 tokens, 21 % of the text$/m)
  assert.match(text, /^Protocol +windowed: windows back to back$/m)
  assert.match(
    text,
    /^Policy +adaptive, propagate_in_depth false; threshold shifts ctx 8: \+0\.5000 \+0\.0000$/m,
  )
  assert.match(text, /^Per layer +ctx 8, S 0\.5: 0\.50 0\.80$/m)
  assert.not.match(text, 'INCOMPLETE')
})

test('a dense run shows what it has', () => {
  const text = renderPpl(dense)
  assert.equal(rows(text)[0], ['ctx', 'NLL', '±', 'PPL', 'Word', 'Byte'])
  assert.not.match(text, 'by tokens of context')
  assert.match(text, /^Policy +dense: nothing is dropped$/m)
})

test('a policy names its size', () => {
  const sized = buildPplRecord(
    pplParts({
      policy: { name: 'local', propagate_in_depth: null },
      contexts: [contextParts({ rules: SIZED_RULES })],
    }),
  )
  const text = renderPpl(sized)
  const [head, , , level] = rows(text)
  assert.equal(head.slice(0, 5), ['ctx', 'Sparsity', 'Window', 'S_pair', 'S@ctx'])
  assert.equal(level.slice(0, 5), ['8', '0.5', '3', '0.6500', '0.7000'])
  assert.match(text, /^Policy +local; windows ctx 8: 3$/m)
  assert.not.match(text, 'Per layer')
  assert.match(text, 'NLL - dense by tokens of context before the prediction, ctx 8\n')
  assert.not.match(renderPpl(record), 'Window')
  assert.match(pplCsv(sized), /,local,sized,,0\.5,,3,/)
})

test('several policies are told apart in every table', () => {
  const several = buildPplRecord(
    pplParts({
      policy: { name: 'adaptive+local', propagate_in_depth: false },
      contexts: [contextParts({ rules: [...RULES.slice(0, 2), ...SIZED_RULES.slice(1)] })],
    }),
  )
  const text = renderPpl(several)
  const [head, , ...levels] = rows(text)
  assert.equal(head.slice(0, 5), ['ctx', 'Policy', 'Sparsity', 'Window', 'S_pair'])
  assert.equal(
    levels.slice(0, 3).map((row) => row.slice(0, 4)),
    [
      ['8', 'dense', 'dense', ''],
      ['8', 'adaptive', '0.5', ''],
      ['8', 'local', '0.5', '3'],
    ],
  )
  assert.match(text, /^Policy +adaptive, propagate_in_depth false; threshold shifts ctx 8: \+0\.5000$/m)
  assert.match(text, /^Policy +local; windows ctx 8: 3$/m)
  assert.match(text, /adaptive .* local/)
  assert.match(text, /^Per layer +ctx 8, adaptive S 0\.5:/m)
})

test('a checkpoint that cannot drop is named', () => {
  const { model } = pplParts()
  const config = { ...model.config, int_n_embd: null }
  const text = renderPpl({ ...dense, model: { ...model, id: 'gpt2', config } })
  assert.match(text, /^Policy +dense: nothing is dropped; gpt2 has no interaction weights/m)
})

test('a run that was stopped says so', () => {
  const rules = RULES.map((rule) => ({ ...rule, scores: rule.scores.slice(0, 2) }))
  const parts = pplParts({
    status: 'incomplete',
    contexts: [contextParts({ rules }), contextParts({ rules: [] })],
  })
  assert.match(renderPpl(buildPplRecord(parts)), /^INCOMPLETE +stopped; windows scored: 2 of 3 at ctx 8$/m)
  const nothing = buildPplRecord(pplParts({ status: 'incomplete', contexts: [] }))
  assert.match(renderPpl(nothing), /^INCOMPLETE +stopped; windows scored: none$/m)
})

test('Markdown has the same cells', () => {
  const lines = renderPpl(record, { form: 'md' }).split('\n')
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  assert.equal(cells(lines[2]).slice(0, 7), ['8', 'dense', '', '', '', '', '4.1000'])
  assert.equal(
    cells(lines[1]),
    cells(lines[0]).map(() => '---:'),
  )
  assert.ok(lines.includes('- Protocol: windowed: windows back to back'))
})

test('CSV has every rule in full', () => {
  const [head, ...lines] = pplCsv(record)
    .split('\n')
    .map((line) => line.split(','))
  assert.is(lines.length, 5)
  assert.ok(lines.every(({ length }) => length === head.length))
  const cell = (row: number, name: string) => lines[row][head.indexOf(name)]
  assert.equal(
    [0, 1, 2].map((row) => [cell(row, 'rule'), cell(row, 'alpha'), cell(row, 'requested')]),
    [
      ['dense', '', ''],
      ['step', '', '0.5'],
      ['soft', '8', '0.5'],
    ],
  )
  assert.is(Number(cell(1, 'nll')), record.contexts[0].rules[1].nll)
  assert.is(cell(0, 'delta.nll'), '')
})

test.run()
