/** What all plots of the pages have alike: size, style, and a colour and a shape for each series. */
import * as Plot from '@observablehq/plot'
import type { Series } from './series.js'

export const WIDTH = 460

/** Under the axis, without an arrow. */
export const LABEL = { labelAnchor: 'center', labelArrow: 'none' } as const

/** Without HTML legends a plot is the bare drawing. */
export function drawing(title: string, series: readonly Series[], options: Plot.PlotOptions): SVGSVGElement {
  const domain = series.map(({ name }) => name)
  return Plot.plot({
    width: WIDTH,
    marginRight: 18,
    marginBottom: 40,
    ariaLabel: title,
    style: { fontFamily: 'var(--sans)', fontSize: '12px', background: 'none', overflow: 'visible' },
    color: { type: 'ordinal', domain, range: series.map(({ colour }) => colour) },
    symbol: { domain, range: series.map(({ symbol }) => symbol) },
    ...options,
  }) as unknown as SVGSVGElement
}
