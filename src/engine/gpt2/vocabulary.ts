/** Tokens `first .. first + columns - 1` of the token table. */
export interface VocabularySlice {
  first: number
  columns: number
}

/** Widest slice whose logits are held at once. */
const WIDEST = 8192

/**
 * Cuts the vocabulary into slices, so that neither the token table (154 MB for GPT-2 in f32) nor a chunk's logits
 * ever need one big binding. `limit` is the number of columns one binding can hold.
 */
export function vocabularySlices(vocabSize: number, limit: number): VocabularySlice[] {
  // Whole blocks of 64 keep every slice but the last free of padding.
  const width = Math.max(64, Math.floor(Math.min(WIDEST, limit) / 64) * 64)
  const slices: VocabularySlice[] = []
  for (let first = 0; first < vocabSize; first += width) {
    slices.push({ first, columns: Math.min(width, vocabSize - first) })
  }
  return slices
}
