/**
 * Twin of evict-by-attention.wgsl: importance is the attention that a key gets, summed over heads; from all queries so far
 * (H2O), or from the last one (TOVA).
 */
import { addAttention, resetImportances } from './evict-attention.as'
import { Sequence } from './evict-sequence.as'

export function weighByAttention<W>(s: Sequence, k: u32, accumulate: bool): void {
  if (!accumulate) resetImportances(s)
  addAttention<W>(s, k)
}
