/** Tokens as they are shown: every character has its place, no line is too long, nothing is lost. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { columnsWide, textLines, visible } from '../../src/report/token-text.js'

const test = suite('tokens as text')

test('what cannot be seen has a mark', () => {
  const shown = [' cat', '\n', '\n\n', ' ', '  ', '\t', '', '\u0007', 'é'].map(visible)
  assert.equal(shown, [' cat', '↵', '↵↵', '␣', '␣␣', '⇥', '▯', '·', 'é'])
})

test('columns of a terminal', () => {
  assert.equal(['cat', '日本', '🙂', 'e\u0301', '’—…', ''].map(columnsWide), [3, 4, 2, 1, 3, 0])
})

test('lines are filled, end at line ends, and hold every token once', () => {
  const texts = ['One', ' two', ' three', '.', '\n', 'Four', ' five', ' incomprehensibilities', '日本']
  const lines = textLines(texts, 12)
  assert.equal(
    lines.map((line) => line.map(({ text }) => text).join('')),
    ['One two', ' three.↵', 'Four five', ' incomprehensibilities', '日本'],
  )
  assert.equal(
    lines.flat().map(({ at }) => at),
    texts.map((_, at) => at),
  )
  for (const line of lines) {
    let column = 0
    for (const cell of line) {
      assert.is(cell.column, column)
      column += cell.columns
    }
  }
})

test.run()
