/** Where the alpha-sigmoid is looked at: golden points, and grids of many alphas. */
import { readFileSync } from 'node:fs'
import { alphaSigmoid, alphaSigmoidRho } from '../reference/alpha-sigmoid.js'

export interface Point {
  x: number
  alpha: number
}

export interface Value {
  p: number
  q: number
  logP: number
  rho: number
}

export const GOLDEN: (Point & { p: number; slope: number })[] = JSON.parse(
  readFileSync(new URL('../fixtures/golden/alpha-sigmoid.json', import.meta.url), 'utf8'),
).rows.map(([alpha, x, p, slope]: number[]) => ({ alpha, x, p, slope }))

export const ALPHAS = [
  1.0001, 1.01, 1.1, 1.25, 1.5, 1.75, 1.99, 2, 2.01, 2.1, 2.5, 3, 3.5, 4, 4.5, 6, 8, 12, 20,
]

/** Over the band and a little beyond, both edges and the middle among them; alpha near 1 has a band without end. */
export const gridOf = (alpha: number, count: number): Point[] => {
  const reach = Math.min(1.1 / (alpha - 1), 12)
  return Array.from({ length: count }, (_, i) => ({ alpha, x: reach * ((2 * i) / (count - 1) - 1) }))
}

export const hostValue = ({ x, alpha }: Point): Value => {
  const value = alphaSigmoid(x, alpha)
  return { ...value, rho: alphaSigmoidRho(value, alpha) }
}

/** From the edge of the band, in units of its half width; negative outside. */
export function fromEdge({ x, alpha }: Point): number {
  return 1 - (alpha - 1) * Math.abs(x)
}
