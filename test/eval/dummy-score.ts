import type { Score } from '../../src/suites/score.js'

export function score(logprob: number, greedy = false): Score {
  return { logprob, greedy, pairs: 0, removed: [], kept: [], peak: 0 }
}
