/*!
 * Observable Plot, Copyright 2020-2025 Observable, Inc. D3 and isoformat, Copyright 2010-2026 Mike Bostock.
 *
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted,
 * provided that the above copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
 * IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
 * INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
 * THIS SOFTWARE.
 *
 * d3-geo has parts of GeographicLib, Copyright 2008-2012 Charles Karney (MIT); d3-scale-chromatic has colours of ColorBrewer,
 * Copyright 2002 Cynthia Brewer, Mark Harrower, and The Pennsylvania State University (Apache-style).
 */
/** Which colour and shape is which series, as a drawing, so that a saved plot can carry it. */
import * as Plot from '@observablehq/plot'
import { drawing, WIDTH } from './plot.js'
import type { Series } from './series.js'

const ROW = 20
const GAP = 34
const FONT = '12px system-ui, sans-serif'

export function legend(series: readonly Series[], width = WIDTH): SVGSVGElement {
  const placed = flow(series, width)
  const rows = Math.max(...placed.map(({ row }) => row)) + 1
  return drawing('legend', series, {
    width,
    height: rows * ROW,
    margin: 0,
    marginRight: 0,
    marginBottom: 0,
    x: { axis: null, domain: [0, width], range: [0, width] },
    y: { axis: null, domain: [0, rows * ROW], range: [0, rows * ROW] },
    marks: [
      Plot.dot(placed, {
        x: 'x',
        y: 'y',
        symbol: 'name',
        fill: 'colour',
        stroke: 'colour',
        r: 4,
        strokeWidth: 1.75,
      }),
      Plot.text(placed, { x: 'x', y: 'y', text: 'name', dx: 11, textAnchor: 'start', fill: 'var(--ink)' }),
    ],
  })
}

/** From left to right, then the next row. */
function flow(series: readonly Series[], width: number): (Series & { x: number; y: number; row: number })[] {
  const context = document.createElement('canvas').getContext('2d')
  if (context !== null) context.font = FONT
  let x = 6
  let row = 0
  return series.map((one) => {
    const wide = GAP + (context?.measureText(one.name).width ?? 7 * one.name.length)
    if (x > 6 && x + wide > width) {
      x = 6
      row += 1
    }
    const placed = { ...one, x, y: row * ROW + ROW / 2, row }
    x += wide
    return placed
  })
}
