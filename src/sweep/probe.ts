/** What this adapter takes for a row under each policy: a few documents and windows of the run itself, timed. */
import type { Engine } from '../engine/engine.js'
import type { Gpt2Config } from '../engine/gpt2/config.js'
import type { DropRule } from '../engine/rules.js'
import type { AdapterTraits } from '../engine/tuning.js'
import { tokensRun } from '../eval/plan.js'
import { scoreRequests } from '../eval/score.js'
import { scoreWindows } from '../ppl/score.js'
import type { Window } from '../ppl/windows.js'
import type { Level, PolicyName } from '../pruning/level.js'
import { atContext, knownRule } from '../pruning/resolve.js'
import type { OpenModel } from '../run/open-model.js'
import type { Request } from '../suites/request.js'
import type { PreparedSweep } from './prepare.js'

export interface Speeds {
  /** Seconds of a token of the suites, by policy. */
  suites: Map<PolicyName, number>
  /** Seconds of a row of a window under one rule, mean over policies, by context length. */
  windows: Map<number, number>
}

/** Tokens of the documents that are timed. */
const PROBE_TOKENS: Record<AdapterTraits['kind'], number> = {
  hardware: 8192,
  llvmpipe: 768,
  swiftshader: 512,
  software: 512,
  cpu: 1536,
}

export async function probeSpeeds(
  { engine, adapter }: OpenModel,
  { cells, tasks, ppl, bench, contexts }: PreparedSweep,
): Promise<Speeds> {
  const suites = new Map<PolicyName, number>()
  const sample = someDocuments(
    tasks.flatMap(({ requests }) => requests),
    PROBE_TOKENS[adapter.kind],
  )
  for (const { level, run } of cells) {
    if (run === null || suites.has(level.policy)) continue
    const rule = run.parts[0]?.rule ?? ANY_SHIFT
    // The first of all runs pays for what is made once.
    if (suites.size === 0) await timeRequests(engine, sample, rule)
    suites.set(level.policy, await timeRequests(engine, sample, rule))
  }
  const shortest = Math.min(...contexts)
  const rules = new Map(cells.flatMap(({ level }) => ruleAt(level, shortest, engine.config)))
  const windows = ppl === null && bench === null ? [] : contexts.map((ctx) => windowOf(ctx, ppl))
  return { suites, windows: await timeWindows(engine, windows, [...rules.values()]) }
}

/** Whole documents from the beginning on, until there are enough tokens. */
function someDocuments(requests: readonly Request[], tokens: number): Request[] {
  let count = 0
  const end = requests.findIndex(({ doc, input }, i) => {
    const begins = i > 0 && requests[i - 1].doc !== doc
    if (begins && count >= tokens) return true
    count += input.length
    return false
  })
  return requests.slice(0, end < 0 ? requests.length : end)
}

/** Seconds of a token that is run. */
async function timeRequests(engine: Engine, sample: readonly Request[], rule: DropRule): Promise<number> {
  const limits = { tokens: engine.maxRows, requests: Number.POSITIVE_INFINITY }
  const began = performance.now()
  for await (const _ of scoreRequests(engine, sample, { rule, limits }));
  return (performance.now() - began) / 1000 / tokensRun(sample, { limits, share: true })
}

/** Stands for a shift that is not searched yet. */
const ANY_SHIFT: DropRule = { kind: 'adaptive', shift: 0 }

/** The rule of a level that drops, as it is at this length, by policy; nothing where the policy cannot remove so much. */
function ruleAt(level: Level, ctx: number, model: Gpt2Config): [PolicyName, DropRule][] {
  if (level.policy === 'dense') return []
  try {
    return [[level.policy, knownRule(level, atContext(ctx), model) ?? ANY_SHIFT]]
  } catch {
    // A cell that is left out needs no time.
    return []
  }
}

/** Of the text; where there is none, of any tokens. */
function windowOf(ctx: number, ppl: PreparedSweep['ppl']): Window {
  const planned = ppl?.contexts
    .find((one) => one.ctx === ctx)
    ?.windows.findLast(({ input }) => input.length === ctx)
  const input = new Uint32Array(ctx)
  return planned ?? { input, firstRow: 0, firstTarget: 0, targets: input.slice(1) }
}

/** All rules on the shortest window; the longer ones under the dense rule alone, which tells how much dearer their rows are. */
async function timeWindows(
  engine: Engine,
  windows: readonly Window[],
  rules: readonly DropRule[],
): Promise<Map<number, number>> {
  const time = async (window: Window, rules: readonly DropRule[]): Promise<number> => {
    const began = performance.now()
    for await (const _ of scoreWindows(engine, [window], { rules, batchTokens: engine.maxRows }));
    return (performance.now() - began) / 1000 / window.input.length / (1 + rules.length)
  }
  const found = new Map<number, number>()
  const [first, ...longer] = windows.toSorted((a, b) => a.input.length - b.input.length)
  if (first === undefined) return found
  await time(first, rules)
  const [dense, all] = [await time(first, []), await time(first, rules)]
  found.set(first.input.length, all)
  for (const window of longer) {
    found.set(window.input.length, (all * (await time(window, []))) / dense)
  }
  return found
}
