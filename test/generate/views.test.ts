import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { GeneratedSequence } from '../../src/record/generate/schema.js'
import { chooseView, type Terminal, type ViewChoice } from '../../src/report/generate-views.js'

const test = suite('views of texts')

const CHOICE: ViewChoice = { format: 'text', prompts: ['One'], n: 1, echo: true, drops: false, tty: false }
const TERMINAL: Terminal = { shading: 'dark', screen: () => ({ columns: 20, rows: 5 }) }

const ended = (text: string, prompt = 0, sample = 0): GeneratedSequence => ({
  prompt,
  sample,
  seed: 1,
  prompt_text: 'One',
  text,
  prompt_tokens: 1,
  tokens: [1],
  finish: 'length',
  sparsity: null,
})

/** A view and every write it made. */
function watch(choice: Partial<ViewChoice>, terminal: Terminal | null = null) {
  const writes: string[] = []
  const view = chooseView({ ...CHOICE, ...choice }, terminal, (text) => writes.push(text))
  return { view, writes }
}

test('a single text comes bit by bit, its prompt with the first of it, and ends its line once', () => {
  for (const [texts, expected] of [
    [
      [' two', ' three'],
      ['One two', ' three', '\n'],
    ],
    [[' two\n'], ['One two\n']],
    [[], ['One', '\n']],
  ]) {
    const { view, writes } = watch({})
    assert.equal(writes, [])
    for (const text of texts) view.onText?.(0, text)
    view.onEnd(0, ended(texts.join('')), null)
    view.close()
    assert.equal(writes, expected)
  }
  const bare = watch({ echo: false })
  bare.view.onText?.(0, ' two')
  bare.view.close()
  assert.equal(bare.writes, [' two', '\n'])
})

test('a terminal gets nothing that it would obey, a file the text as it is', () => {
  const hostile = 'a\u001b[31mb\u202ec\u0007\td\n'
  const shown = 'a\ufffd[31mb\ufffdc\ufffd\td\n'
  const sequence = { ...ended(hostile), prompt_text: hostile }
  const pieces = [{ text: hostile, share: 1 }]
  const written = (choice: Partial<ViewChoice>, terminal: Terminal | null = null): string => {
    const { view, writes } = watch({ prompts: [hostile], ...choice }, terminal)
    view.onText?.(0, hostile)
    view.onDrops?.(0, pieces)
    view.onEnd(0, sequence, pieces)
    view.close()
    return writes.join('')
  }
  assert.is(written({ tty: false }), hostile + hostile)
  assert.is(written({ tty: true }), shown + shown)
  const several = { prompts: [hostile, 'One'], tty: true }
  assert.is(
    written(several),
    `== 1 of 2: prompt 1, sample 1 of 1 ==\n${shown}${shown}`.replace(/: prompt[^=]*/, ' '),
  )
  // Only colours of asp's own and its moves of the cursor are left.
  const ESC = String.fromCharCode(27)
  const own = new RegExp(`${ESC}\\[(38;5;\\d+m|39m|\\d*[AJ])|\\r`, 'g')
  const drawn = written({ drops: true, tty: true }, TERMINAL).replace(own, '')
  assert.not.match(drawn, /[^\P{Cc}\n\t]|\u202e/u)
  const line = written({ format: 'jsonl', tty: true })
  assert.not.match(line, /\u202e/)
  assert.is(JSON.parse(line).text, hostile)
})

test('several texts are whole and in order, whenever they end; what is missing is passed by', () => {
  const { view, writes } = watch({ prompts: ['One', 'One', 'One', 'One'], n: 2 })
  assert.is(view.onText, undefined)
  view.onEnd(1, ended(' b', 0, 1), null)
  assert.equal(writes, [])
  view.onEnd(0, ended(' a'), null)
  view.onEnd(3, ended(' d\n', 1, 1), null)
  view.close()
  assert.is(
    writes.join(''),
    '== 1 of 4: prompt 1, sample 1 of 2 ==\nOne a\n' +
      '\n== 2 of 4: prompt 1, sample 2 of 2 ==\nOne b\n' +
      '\n== 4 of 4: prompt 2, sample 2 of 2 ==\nOne d\n',
  )
})

test('lines of JSON', () => {
  const { view, writes } = watch({ format: 'jsonl', prompts: ['One', 'One'], drops: true }, TERMINAL)
  view.onEnd(1, ended('b'), null)
  view.onEnd(0, ended('a'), null)
  view.close()
  assert.equal(
    writes.map((line) => [line.endsWith('}\n'), JSON.parse(line).sequence, JSON.parse(line).text]),
    [
      [true, 0, 'a'],
      [true, 1, 'b'],
    ],
  )
})

const piece = (text: string, share = 0) => ({ text, share })

test('on a terminal a text is drawn over, at its end whole; nothing is left of what was drawn before', () => {
  const { view, writes } = watch({ drops: true }, { ...TERMINAL, shading: 'plain' })
  const long = Array.from({ length: 8 }, (_, i) => piece(`line ${i}\n`))
  view.onDrops?.(0, [piece('One')])
  view.onDrops?.(0, [piece('One', 1), piece(' two\n'), piece('three')])
  view.onDrops?.(0, long)
  view.onEnd(0, ended(''), [piece('One', 1), piece(' two')])
  view.close()
  assert.equal(writes, [
    'One',
    '\r\x1b[J⟦One⟧ two\nthree',
    // Five rows: the last line of them is where the cursor stands.
    '\x1b[1A\r\x1b[Jline 5\nline 6\nline 7\n',
    '\x1b[3A\r\x1b[J⟦One⟧ two\n',
  ])
  assert.is(view.legend?.(2), '⟦⟧: dropped by layer 2')
})

test('in a pipe a text with drops is printed once, with a legend; with colours it needs none', () => {
  const { view, writes } = watch({ drops: true })
  assert.is(view.onDrops, undefined)
  view.onEnd(0, ended(' two'), [piece('One', 1), piece(' two')])
  assert.equal(writes, ['⟦One⟧ two\n'])
  assert.is(view.legend?.(undefined), '⟦⟧: dropped by at least half of the layers')
  assert.is(watch({ drops: true }, TERMINAL).view.legend, undefined)
  assert.is(watch({}).view.legend, undefined)
})

test.run()
