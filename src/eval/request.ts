/** One (context, continuation) pair ready for the engine; eval.md sections 5 and 6. */
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
}
