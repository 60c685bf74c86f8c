/** One (context, continuation) pair ready for the engine (docs/lm-eval.md, Encoding a pair and Rolling windows). */
export interface Request {
  /** Position of the document in the loaded rows. */
  doc: number
  /** Position among the requests of that document: the choice, or the rolling window. */
  index: number
  context: string
  continuation: string
  /** Tokens fed to the model, at most n_positions of them. */
  input: Uint32Array
  /** The scored tokens; targets[i] is predicted by row `input.length - targets.length + i`. */
  targets: Uint32Array
  /** Position in `input` of the first token that drops nothing any more (docs/recall.md, What the policy knows of the question). */
  frozenFrom?: number
  /** Names requests of other documents that are about the same text: what these share is run once. */
  group?: string
}
