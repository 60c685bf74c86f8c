/** The drops of a text as a terminal shows them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { renderDropsText } from '../../src/report/drops-terminal.js'
import { dropsRecord, TEXTS } from '../record/drops-fixture.js'

const test = suite('drops in a terminal')
const PLAIN = { shading: 'plain', columns: 40 } as const

test('layers against words, and who kills', () => {
  assert.is(
    renderDropsText(dropsRecord(), PLAIN),
    `text: 7 tokens

   The cat sat, on it.↵
0  ▒▒▒ ▒▒▒ ···▓ ██ ··██
1  ··· ███ ▓▓▓█ ·· ████
seen by: █ all later tokens   ▓ half or more   ▒ 1/8 or more   ░ fewer   · none

┌───────┬────────────┬──────────┬────────────┬─────────────────────┐
│ Layer │ Pairs kept │ Alive at │ Median age │ Killers, by victims │
│       │            │  the end │   at death │                     │
├───────┼────────────┼──────────┼────────────┼─────────────────────┤
│     0 │       33 % │   2 of 7 │          2 │ , ×3  . ×2          │
│     1 │       57 % │   4 of 7 │          1 │ cat ×1  it ×1  . ×1 │
└───────┴────────────┴──────────┴────────────┴─────────────────────┘

Model     asp-tiny (bundled), 4.61 M parameters, 2 layers, f32 (stored f16)
Policy    adaptive, the checkpoint's own threshold
Sparsity  achieved 0.5476 of causal pairs
KV        footprint 0.5893, peak 0.5000, of a full cache
Adapter   llvmpipe (LLVM 19.1.7, 256 bits), vulkan, software; Dawn 0.6.2`,
  )
})

test('one layer with all its killings', () => {
  const text = renderDropsText(dropsRecord(), { ...PLAIN, layer: 0 })
  assert.ok(
    text.includes(`Layer 0: who killed whom; positions count from 0
, 3:             The 0, cat 1,
                 sat 2 (1 left)
. 6:             , 3, it 5 (2 left)`),
    text,
  )
  assert.not(text.includes('│     1 │'))
})

test('a pattern kills nobody', () => {
  const policy = {
    name: 'local',
    parameters: { window: 3 },
    threshold_shift: null,
    calibration: null,
  } as const
  const window = [3, 4, 5, 6, null, null, null]
  const record = dropsRecord(TEXTS, [window, window], { cause: 'position', policy })
  const text = renderDropsText(record, { ...PLAIN, layer: 1 })
  assert.match(text, /Layer 1: who left the window when/)
  assert.match(text, /Policy {4}local, window 3/)
  assert.not.match(text, /kill/i)
})

test('a long text is fitted to the width, several tokens a column', () => {
  const n = 600
  const deaths = Array.from({ length: n }, (_, j) => (j % 2 === 0 && j + 1 < n ? j + 1 : null))
  const text = renderDropsText(dropsRecord(new Array(n).fill(' word'), [deaths]), {
    shading: 'dark',
    columns: 63,
  })
  const lines = text.split('\n')
  assert.ok(lines.includes('   a column is 10 tokens, seen on average'))
  assert.ok(lines.includes(`0  ${'▓'.repeat(60)}`))
  assert.ok(lines.includes(`   0${'599'.padStart(59)}`))
})

test('colours fade what is dropped', () => {
  const text = renderDropsText(dropsRecord(), { shading: 'dark', columns: 40 })
  assert.ok(text.includes('\x1b[38;5;239mThe\x1b[39m'))
})

test.run()
