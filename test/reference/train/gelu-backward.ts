/**
 * Plain-loop twin of gelu-backward.wgsl, in GPT-2's tanh form. In the forward pass this was
 * y = x/2 (1 + t), t = tanh(u), u = sqrt(2/pi) (x + 0.044715 x^3).
 * @param dy gradient of the output, as long as `x`
 * @param x what the function was taken of
 */
export function geluBackwardReference(dy: ArrayLike<number>, x: ArrayLike<number>): Float64Array {
  const root = Math.sqrt(2 / Math.PI)
  return Float64Array.from({ length: x.length }, (_, i) => {
    const t = Math.tanh(root * (x[i] + 0.044715 * x[i] ** 3))
    const slope = root * (1 + 3 * 0.044715 * x[i] ** 2)
    return dy[i] * (0.5 * (1 + t) + 0.5 * x[i] * (1 - t * t) * slope)
  })
}
