/** Parts of a perplexity run -> its record: every derived figure is computed here and in ppl-figures.ts. */
import { createHash } from 'node:crypto'
import { sum } from '../../stats/basics.js'
import type { EnvironmentRecord, IdentityParts, ModelRecord, Status } from '../common.js'
import { identityOf, type MemoryParts, memoryRecord } from '../eval/build.js'
import { PPL_SCHEMA } from '../kinds.js'
import { sha256 } from '../sha256.js'
import { type RuleFigures, ruleFigures, type ScoredAmount, type WindowScore } from './figures.js'
import type {
  ContextRecord,
  PplCalibration,
  PplRecord,
  ProtocolRecord,
  RuleRecord,
  TextRecord,
} from './schema.js'

/** Printed with the figures, so that nobody has to guess which of several definitions they follow. */
export const PPL_DEFINITIONS = {
  S_pair:
    'removed causal (query, key) pairs with key before query divided by all such pairs of the windows, then averaged ' +
    'over layers; of a soft rule one minus the mean of what is left of the pairs',
  S_ctx:
    "share of earlier tokens that the last row of a window no longer sees, mean over windows, then over layers: the paper's sparsity at a context length",
  delta:
    'mean over scored tokens of the negative log-likelihood minus that of the dense rule for the same token',
  kl: 'KL(dense || rule) of the predictions of a token, over the whole vocabulary, nats',
  stderr: 'windows as units: sqrt(W / (W - 1) * sum over windows of (their sum - tokens * mean)^2) / tokens',
} as const

export interface PplParts {
  status: Status
  started: Date
  text: Omit<TextRecord, 'sha256'> & { text: string }
  protocol: ProtocolRecord
  model: ModelRecord
  policy: PplRecord['policy']
  contexts: readonly ContextParts[]
  environment: EnvironmentRecord
  seconds: { load: number; total: number }
  memory: MemoryParts
  seed: number
  limit: number | null
  batchTokens: number
  command: readonly string[]
}

export interface ContextParts {
  ctx: number
  stride: number | null
  /** All that were planned; `scores` may be shorter in a run that was stopped. */
  windows: readonly PlannedWindow[]
  rules: readonly RuleParts[]
  /** Of the whole windows that were scored. */
  amount: ScoredAmount
  seconds: ContextRecord['seconds']
  /** Measured by an earlier run: stands for what would be computed of `rules`. */
  finished?: ContextRecord
}

/** What the model is fed at once, and what of its predictions counts. */
export interface PlannedWindow {
  /** At most `ctx` tokens. */
  input: Uint32Array
  /** Row that predicts the first target; the rows after it predict the others, one each. */
  firstRow: number
  /** Place of the first target in the text's tokens; the targets stand there one after the other. */
  firstTarget: number
  targets: Uint32Array
}

/** The first of a context is the dense rule. */
export interface RuleParts
  extends Pick<RuleRecord, 'policy' | 'rule' | 'requested' | 'shift' | 'sized' | 'alpha'> {
  calibration: PplCalibration | null
  scores: readonly WindowScore[]
}

/** Pure, so the same parts always give the same record. A context without a scored window is left out. */
export function buildPplRecord(parts: PplParts): PplRecord {
  const { text, model, protocol, memory, seconds } = parts
  const { text: whole, ...amounts } = text
  const contexts = parts.contexts
    .filter(({ rules, finished }) => finished !== undefined || rules[0]?.scores.length > 0)
    .map((context) => context.finished ?? contextRecord(context, amounts.tokens))
  const identity = pplIdentity(parts)
  const scoring = sum(contexts.map(({ seconds }) => seconds.score))
  const adapter = contexts.map(({ seconds }) => seconds.adapter)
  return {
    schema: PPL_SCHEMA,
    kind: 'ppl',
    status: parts.status,
    date: parts.started.getTime() / 1000,
    text: { ...amounts, sha256: sha256(whole) },
    protocol,
    model,
    policy: parts.policy,
    definitions: PPL_DEFINITIONS,
    contexts,
    environment: parts.environment,
    timing: {
      load_s: seconds.load,
      calibrate_s: sum(contexts.map(({ seconds }) => seconds.calibrate)),
      score_s: scoring,
      total_s: seconds.total,
      tokens_per_s: scoring > 0 ? rowsRun(contexts) / scoring : 0,
      adapter_busy:
        scoring > 0 && !adapter.includes(null) ? Math.min(1, sum(adapter.map(Number)) / scoring) : null,
    },
    memory: memoryRecord(memory),
    identity: identityOf(identity),
    identity_parts: identity,
    seed: parts.seed,
    limit: parts.limit,
    batch_tokens: parts.batchTokens,
    command: [...parts.command],
  }
}

/** Known before anything is scored. */
export function pplIdentity({
  text: { sources },
  protocol,
  contexts,
  model,
}: Pick<PplParts, 'text' | 'protocol' | 'contexts'> & { model: Pick<ModelRecord, 'sha256'> }): IdentityParts {
  return {
    data: sha256(JSON.stringify(sources.map((source) => source.sha256))),
    requests: requestsHash(contexts),
    protocol: sha256(JSON.stringify([protocol, contexts.map(({ ctx, stride }) => [ctx, stride])])),
    model: model.sha256,
  }
}

function contextRecord(context: ContextParts, textTokens: number): ContextRecord {
  const { ctx, stride, rules, amount, seconds } = context
  const scored = context.windows.slice(0, rules[0].scores.length)
  const shapes = scored.map(({ input, firstRow }) => ({ rows: input.length, firstRow }))
  const tokens = scored.map(({ targets }) => targets.length)
  const figures = (rule: RuleParts, index: number): RuleFigures =>
    ruleFigures(shapes, rule.scores, index === 0 ? null : rules[0].scores, amount, ctx)
  return {
    ctx,
    stride,
    windows_planned: context.windows.length,
    windows: scored.length,
    tokens: sum(tokens),
    ...amount,
    share_of_text: sum(tokens) / textTokens,
    samples: {
      first: scored.map(({ firstTarget }) => firstTarget),
      tokens,
      rows: shapes.map(({ rows }) => rows),
    },
    rules: rules.map(({ scores, ...rule }, index) => ({ ...rule, ...figures({ ...rule, scores }, index) })),
    seconds,
  }
}

const rowsRun = (contexts: readonly ContextRecord[]): number =>
  sum(contexts.map(({ samples, rules }) => sum(samples.rows) * rules.length))

/** Over what the model is fed and what of it counts, window by window. */
function requestsHash(contexts: readonly ContextParts[]): string {
  const hash = createHash('sha256')
  for (const { windows } of contexts) {
    for (const { input, firstRow, targets } of windows) {
      hash.update(JSON.stringify([Array.from(input), firstRow, Array.from(targets)]))
    }
  }
  return hash.digest('hex')
}
