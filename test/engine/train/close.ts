/** That a figure is the one expected, but for rounding. */
import * as assert from 'uvu/assert'

export function close(got: number, expected: number, relative: number, name: string): void {
  assert.ok(Math.abs(got - expected) <= relative * Math.abs(expected), `${name}: ${got}, not ${expected}`)
}
