/** One list of columns as a grid, as Markdown and as CSV; and what a command prints around its tables. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Column, left, renderGrid, right } from '../../src/report/grid.js'
import { grid, renderSheet } from '../../src/report/sheet.js'

interface Animal {
  name: string
  legs: number
  note?: string
}

const COLUMNS: readonly Column<Animal>[] = [
  left('Name', ({ name }) => name),
  right('Legs\nin all', ({ legs }) => String(legs)),
  left(
    'Note',
    ({ note = '' }) => note,
    (rows) => rows.some(({ note }) => note !== undefined),
  ),
]
const TWO: readonly Animal[] = [
  { name: 'cat', legs: 4 },
  { name: 'a|b', legs: 10 },
]

const test = suite('grid')

test('text: numbers to the right, heads of two lines, columns with nothing to say left out', () => {
  assert.is(
    renderGrid(COLUMNS, TWO),
    `
┌──────┬────────┐
│ Name │   Legs │
│      │ in all │
├──────┼────────┤
│ cat  │      4 │
│ a|b  │     10 │
└──────┴────────┘`.trim(),
  )
})

test('text: a line between rows where cells have several', () => {
  const ruled = renderGrid(COLUMNS.slice(0, 2), [{ name: 'cat\ndog', legs: 4 }, TWO[1]], { ruled: true })
  assert.match(ruled, /│ dog {2}│ {8}│\n├──────┼────────┤\n│ a\|b/)
})

test('Markdown: the same cells, bars escaped', () => {
  const rows = [...TWO, { name: 'emu', legs: 2, note: 'runs' }]
  assert.is(
    renderGrid(COLUMNS, rows, { form: 'md' }),
    `
| Name | Legs in all | Note |
| --- | ---: | --- |
| cat | 4 |  |
| a\\|b | 10 |  |
| emu | 2 | runs |`.trim(),
  )
})

test('CSV: cells with commas, quotes and line ends are quoted', () => {
  const rows = [{ name: 'one, "two"\nthree', legs: 2 }]
  assert.is(renderGrid(COLUMNS, rows, { form: 'csv' }), 'Name,Legs in all\n"one, ""two""\nthree",2')
})

test('a sheet: titles over tables, notes under them, in every form', () => {
  const sheet = {
    grids: [grid(COLUMNS, TWO, 'Animals'), grid(COLUMNS, TWO)],
    notes: [
      ['Kind', 'mammals'],
      ['A', 'b'],
    ] as const,
  }
  const drawn = renderGrid(COLUMNS, TWO)
  assert.is(renderSheet(sheet), `Animals\n${drawn}\n${drawn}\nKind  mammals\nA     b`)
  assert.is(renderSheet(sheet, { spaced: true }), `Animals\n${drawn}\n\n${drawn}\n\nKind  mammals\nA     b`)
  const marked = renderGrid(COLUMNS, TWO, { form: 'md' })
  const list = '- Kind: mammals\n- A: b'
  assert.is(renderSheet(sheet, { form: 'md' }), `Animals\n\n${marked}\n\n${marked}\n\n${list}`)
  assert.match(renderSheet(sheet, { form: 'md', bold: true }), /^\*\*Animals\*\*\n\n\|/)
  const rows = 'Name,Legs in all\ncat,4\na|b,10'
  assert.is(renderSheet(sheet, { form: 'csv' }), `${rows}\n\n${rows}`)
})

test.run()
