/** Reproducible test data: a generator of float arrays uniform in [-0.5, 0.5). */
export function seededFloats(seed: number): (length: number) => Float32Array {
  let state = seed >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  return (length) => Float32Array.from({ length }, next)
}
