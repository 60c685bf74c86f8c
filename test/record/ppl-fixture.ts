import type { ContextParts, PlannedWindow, PplParts, RuleParts } from '../../src/record/ppl/build.js'
import type { WindowScore } from '../../src/record/ppl/figures.js'
import { recordParts } from './fixture.js'

const CTX = 8
const WINDOWS = 3

/** Tokens 0, 1, 2, ... in windows of eight, all but the first predicted. */
const windows: PlannedWindow[] = Array.from({ length: WINDOWS }, (_, w) => {
  const input = Uint32Array.from({ length: CTX }, (_, i) => w * CTX + i)
  return { input, firstRow: 0, firstTarget: w * CTX + 1, targets: input.slice(1) }
})

/** Some numbers that are not all alike. */
function scores(loss: number, drops: 'none' | 'hard' | 'soft'): WindowScore[] {
  return windows.map(({ targets }, w) => ({
    logprobs: Float64Array.from(targets, (token) => -loss - 0.1 * (token % 3)),
    kl: drops === 'none' ? null : Float64Array.from(targets, (token) => 0.01 * (token % 5)),
    agree: drops === 'none' ? null : Uint8Array.from(targets, (token) => Number(token % 4 > 0)),
    drops:
      drops === 'none'
        ? null
        : {
            pairShares: [0.4 + 0.1 * w, 0.8],
            last: drops === 'hard' ? [0.5, 0.9] : null,
            rows: drops === 'hard' ? Float64Array.from({ length: CTX }, (_, k) => k / 10) : null,
            peak: drops === 'hard' ? 6 + w : null,
          },
  }))
}

const none = { requested: null, shift: null, sized: null, alpha: null, calibration: null }
const calibration = {
  method: 'bisection',
  windows: 3,
  evaluations: [
    { shift: 0, windows: 3, sparsity: 0.6 },
    { shift: 0.5, windows: 3, sparsity: 0.5 },
  ],
  sample_sparsity: 0.5,
  seconds: 1.5,
}

export const RULES: RuleParts[] = [
  { ...none, policy: 'dense', rule: 'dense', scores: scores(4, 'none') },
  {
    ...none,
    policy: 'adaptive',
    rule: 'step',
    requested: 0.5,
    shift: 0.5,
    calibration,
    scores: scores(4.1, 'hard'),
  },
  {
    ...none,
    policy: 'adaptive',
    rule: 'soft',
    requested: 0.5,
    shift: 0.5,
    alpha: 8,
    scores: scores(4.05, 'soft'),
  },
  { ...none, policy: 'adaptive', rule: 'step', shift: 0, scores: scores(4.2, 'hard') },
  { ...none, policy: 'adaptive', rule: 'soft', shift: 0, alpha: 8, scores: scores(4.15, 'soft') },
]

export const SIZED_RULES: RuleParts[] = [
  RULES[0],
  {
    ...none,
    policy: 'local',
    rule: 'sized',
    requested: 0.5,
    sized: { policy: 'local', parameter: 'window', size: 3 },
    scores: scores(4.1, 'hard'),
  },
]

export function contextParts(changes: Partial<ContextParts> = {}): ContextParts {
  return {
    ctx: CTX,
    stride: null,
    windows,
    rules: RULES,
    amount: { words: 14, bytes: 80 },
    seconds: { calibrate: 3, score: 2, adapter: 1.9 },
    ...changes,
  }
}

/** Complete parts of a run; each test changes what it is about. */
export function pplParts(changes: Partial<PplParts> = {}): PplParts {
  const { started, model, environment, memory } = recordParts()
  const source = { kind: 'file', source: 'book.txt', revision: null, split: null, documents: 1 } as const
  return {
    status: 'complete',
    started,
    text: {
      text: 'a text',
      sources: [{ ...source, sha256: 'a'.repeat(64) }],
      column: 'text',
      documents: 1,
      characters: 400,
      bytes: 410,
      words: 70,
      tokens: 100,
      stretches: [{ start: 0, end: 100 }],
    },
    protocol: { name: 'windowed', description: 'windows back to back', prefix_token: 8191 },
    model,
    policy: { name: 'adaptive', propagate_in_depth: false },
    contexts: [contextParts()],
    environment,
    seconds: { load: 0.5, total: 6 },
    memory,
    seed: 1234,
    limit: 4096,
    batchTokens: 2048,
    command: ['asp', 'ppl', 'book.txt'],
    ...changes,
  }
}
