/** What the engine says of one request. */
export interface Score {
  /** Sum of natural-log probabilities of the targets. */
  logprob: number
  /** Every target is the arg max of its row. */
  greedy: boolean
  /** Causal (query, key) pairs with key < query in the request's input: n (n - 1) / 2. */
  pairs: number
  /** Pairs removed, per layer; zeros when nothing is pruned. */
  removed: number[]
  /** Keys still alive after the last row, per layer; equals the input length when nothing is pruned. */
  kept: number[]
  /** Most keys that one query sees, its own among them, all layers together. */
  peak: number
}
