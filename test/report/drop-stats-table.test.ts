/** Statistics of drops as tables. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { usualAge } from '../../src/report/drop-stats-figures.js'
import { renderDropStats } from '../../src/report/drop-stats-table.js'
import { patternRun, statsRecord, statsRun } from '../record/drop-stats-fixture.js'

const test = suite('tables of drop statistics')

test('one checkpoint: all layers together, then each', () => {
  const text = renderDropStats(statsRecord(), { age: 2 })
  // Layer 0, two tokens later: of six tokens a window, three and five are alive.
  assert.is(
    text.slice(0, text.indexOf('\n\nPart of speech')),
    `Alive after N tokens
┌───────────────┬────────┬───────┬───────────┬──────┬──────┐
│ Tokens later  │ Tokens │ Alive │      95 % │    0 │    1 │
│               │        │       │  interval │      │      │
├───────────────┼────────┼───────┼───────────┼──────┼──────┤
│ 1             │     14 │  89 % │ 25.4-99.5 │ 86 % │ 93 % │
│ 2             │     12 │  71 % │ 22.3-95.4 │ 67 % │ 75 % │
│ 4             │      8 │  38 % │ 18.5-61.4 │ 13 % │ 63 % │
│ end of window │     16 │  56 % │  9.4-94.1 │ 38 % │ 75 % │
└───────────────┴────────┴───────┴───────────┴──────┴──────┘

Kind: alive 2 tokens later, share of kills
┌──────────────┬────────┬───────┬───────┬───────────┬───────┬───────┬───────┬───────┐
│ Kind         │ Tokens │ Share │ Alive │      95 % │ Kills │  Over │     0 │     1 │
│              │        │       │       │  interval │       │  base │       │       │
├──────────────┼────────┼───────┼───────┼───────────┼───────┼───────┼───────┼───────┤
│ punctuation  │      4 │  25 % │  75 % │  1.0-99.9 │  86 % │ ×3.00 │ 100 % │  50 % │
│ stop word    │      8 │  50 % │  92 % │ 5.4-100.0 │ 7.1 % │ ×0.17 │  83 % │ 100 % │
│ content word │      4 │  25 % │  38 % │  1.2-96.6 │ 7.1 % │ ×0.25 │  25 % │  50 % │
└──────────────┴────────┴───────┴───────┴───────────┴───────┴───────┴───────┴───────┘`,
  )
  assert.ok(
    text.endsWith(`Text      cats.txt
Model     asp-tiny (bundled), 4.61 M parameters, 2 layers, f32 (stored f16)
Policy    adaptive, the checkpoint's own threshold
Sparsity  achieved 0.4018 of causal pairs
KV        footprint 0.6875, peak 0.6250 (mean of windows; largest 0.6250), of a full cache
Windows   2 of 8 tokens: 16 tokens
Tagger    wink-nlp 2.4.0, wink-eng-lite-web-model 1.8.1
Adapter   llvmpipe (LLVM 19.1.7, 256 bits), vulkan, software; Dawn 0.6.2`),
    text,
  )
})

test('two checkpoints stand side by side, each with what it has; one layer alone', () => {
  const text = renderDropStats(statsRecord([statsRun(), patternRun()]), { age: 2, layer: 1 })
  assert.match(text, /^Kind: alive 2 tokens later, layer 1, share of kills$/m)
  assert.match(text, /│ Kind +│ Tokens │ Share │ asp-tiny 1 │ +95 % │ Kills │ +Over │ asp-tiny 2 │ +95 % │\n/)
  assert.match(
    text,
    /│ punctuation +│ +4 │ +25 % │ +50 % │ +0\.2-99\.8 │ +50 % │ ×1\.75 │ +50 % │ +0\.2-99\.8 │\n/,
  )
  assert.match(text, /^Words that kill the most, asp-tiny 1$/m)
  assert.not.match(text, /Words that kill the most, asp-tiny 2/)
})

test('the age that is shown: an eighth of the window', () => {
  assert.is(usualAge(statsRecord()), 1)
  assert.is(usualAge({ ...statsRecord(), ctx: 512, ages: [1, 2, 4, 8, 16, 32, 64, 128, 256] }), 64)
})

test.run()
