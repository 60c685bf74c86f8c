import type { Score } from '../../src/eval/score.js'

export function score(logprob: number, greedy = false): Score {
  return { logprob, greedy, pairs: 0, removed: [], kept: [] }
}
