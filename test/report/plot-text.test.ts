/** Plots as text: points where they belong, round numbers on the axes, no wider than the terminal. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plotText, type TextPlot } from '../../src/report/plot-text.js'

const PLOT: TextPlot = {
  title: 'A text',
  x: 'sparsity',
  y: 'perplexity',
  series: [
    {
      name: 'adaptive',
      points: [
        { x: 0, y: 10 },
        { x: 0.5, y: 10 },
        { x: 1, y: 20 },
      ],
    },
    {
      name: 'local',
      points: [
        { x: 0, y: 10 },
        { x: 1, y: 30 },
      ],
    },
  ],
}

const one = (points: { x: number; y: number }[], changes: Partial<TextPlot> = {}): TextPlot => ({
  ...PLOT,
  series: [{ name: 'a', points }],
  ...changes,
})

const test = suite('plot text')

test('a plot, sign by sign', () => {
  assert.is(
    plotText(PLOT, 32),
    `
A text: perplexity by sparsity
 30 ┤                        ⡠■
                          ⢀⠤⠊
                        ⢀⠔⠁
 25 ┤                 ⢀⠔⠁
                    ⡠⠔⠁
                  ⡠⠊
 20 ┤           ⡠⠊           ⡠●
             ⢀⠔⠊          ⢀⠤⠊
 15 ┤      ⢀⠔⠁          ⢀⠔⠁
         ⢀⠔⠁          ⢀⠔⠁
       ⡠⠒⠁          ⡠⠒⠁
 10 ┤■⣊⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀●⠊
    └┬────────────┬───────────┬
     0.0         0.5         1.0
     ● adaptive   ■ local`.slice(1),
  )
})

test('is as wide as the terminal at most, names in as many lines as they need', () => {
  const names = Array.from({ length: 8 }, (_, i) => `checkpoint ${i}`)
  const plot = { ...PLOT, series: names.map((name) => ({ name, points: PLOT.series[0].points })) }
  for (const width of [30, 50, 80, 300]) {
    const [, ...lines] = plotText(plot, width).split('\n')
    assert.ok(Math.max(...lines.map((line) => line.length)) <= Math.min(width + 2, 84), `${width}`)
    for (const name of names) assert.ok(lines.some((line) => line.includes(name)))
  }
})

test('numbers of axes are round, and no finer than their steps', () => {
  const labels = (points: { x: number; y: number }[], changes = {}): string[] =>
    [...plotText(one(points, changes)).matchAll(/^ *(\S+) ┤/gm)].map(([, label]) => label)
  const at = (...values: number[]): { x: number; y: number }[] => values.map((y, x) => ({ x, y }))
  assert.equal(labels(at(0.1234, 0.1267)), ['0.126', '0.125', '0.124'])
  assert.equal(labels(at(0, 100)), ['100', '80', '60', '40', '20', '0'])
  assert.equal(labels(at(1e6, 3e6)), ['3,000,000', '2,500,000', '2,000,000', '1,500,000', '1,000,000'])
  assert.equal(labels(at(30, 40), { fromZero: true }), ['40', '30', '20', '10', '0'])
  assert.equal(labels(at(-0.2, 0.2)), ['0.2', '0.1', '0.0', '-0.1', '-0.2'])
})

test('one value is drawn, no value is nothing', () => {
  assert.match(plotText(one([{ x: 3, y: 5 }])), /●/)
  assert.match(plotText(one([{ x: 0, y: 0 }])), /●/)
  assert.is(plotText(one([])), '')
})

test('of a long line every point is joined and some have shapes', () => {
  const points = Array.from({ length: 200 }, (_, x) => ({ x, y: Math.sin(x / 10) }))
  const text = plotText(one(points))
  assert.is(text.match(/●/g)?.length, 8 + 1)
  assert.ok((text.match(/[\u2801-\u28ff]/g)?.length ?? 0) > 100)
})

test.run()
