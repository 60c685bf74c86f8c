/**
 * Weights that both sides of a comparison make from the names of the tensors, so that none are stored: `weights` in
 * scripts/make-architectures.py and scripts/make-published.py is the other side.
 */

/**
 * 24 bits of a hash of each entry's number and the name, in [-1, 1), times a power of two; those of norms lie around one.
 * @param shrunk divides matrices and tables of tokens: the wider a model, the larger are its sums
 */
export function madeValues(name: string, count: number, shrunk: 1 | 2 = 1): Float32Array<ArrayBuffer> {
  const seed = seedOf(name)
  const isNorm = /(^|\.)ln_|layer_norm\./.test(name)
  const scale = scaleOf(name, isNorm, shrunk)
  const around = isNorm && name.endsWith('weight') ? 1 : 0
  const values = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    let h = (Math.imul(i, 2654435761) + seed) | 0
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    h ^= h >>> 16
    values[i] = ((h >>> 8) / 2 ** 23 - 1) * scale + around
  }
  return values
}

/** FNV-1a. */
function seedOf(name: string): number {
  let seed = 0x811c9dc5
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193)
  return seed
}

function scaleOf(name: string, isNorm: boolean, shrunk: number): number {
  if (isNorm) return 1 / 4
  if (/(wte|lm_head|embed_tokens)\.weight$/.test(name)) return 1 / (2 * shrunk)
  if (/(wpe|embed_positions)\.weight$|bias$/.test(name)) return 1 / 4
  return 1 / (8 * shrunk)
}
