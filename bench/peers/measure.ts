/**
 * The comparison itself: every row opened, its logits checked against the reference, warmed up, then timed in rounds in
 * which all rows take turns, so that a busy moment of the machine spoils no row more than another.
 */
import { argmax } from '../../src/stats/basics.js'
import { describeModel, type Model, writeWeights } from './model.js'
import type { About, OpenOptions, Span } from './peer.js'
import { openRemote, type RemotePeer } from './remote.js'
import type { Row } from './rows.js'

export interface Settings extends OpenOptions {
  model: string
  /** Lengths of the prompts; decoding follows the first. */
  prompts: readonly number[]
  rounds: number
  /** Seconds: a prompt that would take longer is left out. */
  longest: number
}

/** How a row's logits compare with the reference's, on the same tokens. */
export interface Check {
  reference: string
  /** Largest difference over the vocabulary. */
  difference: number
  /** Largest absolute logit of the reference. */
  scale: number
  sameTop: boolean
}

export interface Test {
  /** pp128, or tg @ d128: as llama-bench calls them. */
  name: string
  /** Tokens of one sample. */
  tokens: number
  /** In the order of the rounds. */
  samples: Span[]
  /** Tokens a second of wall time, by the median sample. */
  rate: number
}

export interface RowResult {
  name: string
  against: string
  label?: string
  about: About | null
  check: Check | null
  tests: Test[]
  /** How many of the greedy tokens, from the first, are those of the row `against`. */
  agreement: { same: number; of: number } | null
  /** Why there are no figures, or not all. */
  trouble: string | null
}

export type Event = { row: string; doing: string }

/** Seconds. Opening may convert the model; the first call compiles every shader, which takes software drivers minutes. */
const LIMITS = { open: 180, call: 300 }

/** The tokens of the check: this many as a prompt, the others in steps of their own. */
const CHECK = { prompt: 32, steps: 4 }

/** A sample of decoding takes about this long, if these many steps can. */
const DECODE = { seconds: 4, least: 4, most: 32 }

interface Runner {
  row: Row
  result: RowResult
  peer: RemotePeer
  prompts: readonly number[]
  steps: number
  tokens: number[]
}

export async function measure(
  rows: readonly Row[],
  settings: Settings,
  onEvent: (event: Event) => void,
): Promise<RowResult[]> {
  const model = describeModel(settings.model)
  onEvent({ row: model.name, doing: 'writing weights' })
  await writeWeights(model)
  const results = rows.map(emptyResult)
  const runners: Runner[] = []
  try {
    let reference: { name: string; logits: Float32Array } | null = null
    for (const [i, row] of rows.entries()) {
      const peer = await attempt(results[i], async () => {
        onEvent({ row: row.name, doing: 'opening' })
        return openRemote(row.name, model.name, settings, LIMITS)
      })
      if (peer === null) continue
      const runner: Runner = { row, result: results[i], peer, prompts: [], steps: 0, tokens: [] }
      runners.push(runner)
      await attempt(results[i], async () => {
        results[i].about = peer.about
        onEvent({ row: row.name, doing: 'checking' })
        const logits = await peer.logits(promptOf(model, CHECK.prompt + CHECK.steps), CHECK.prompt)
        if (row.label === undefined) {
          reference ??= { name: row.name, logits }
          results[i].check = compare(reference, logits)
        }
        onEvent({ row: row.name, doing: 'warming up' })
        await warmUp(runner, model, settings)
      })
    }
    for (let round = 0; round < settings.rounds; round++) {
      // Each round starts with another row, so that nobody always follows the same one
      for (let turn = 0; turn < runners.length; turn++) {
        const runner = runners[(round + turn) % runners.length]
        if (runner.result.trouble !== null) continue
        onEvent({ row: runner.row.name, doing: `round ${round + 1} of ${settings.rounds}` })
        await attempt(runner.result, () => sample(runner, model))
      }
    }
  } finally {
    for (const { peer } of runners) peer.close()
  }
  for (const runner of runners) {
    const other = runners.find(({ row }) => row.name === runner.row.against)
    if (runner.row.label === undefined && other)
      runner.result.agreement = agreement(other.tokens, runner.tokens)
  }
  return results
}

const emptyResult = ({ name, against, label }: Row): RowResult => ({
  name,
  against,
  label,
  about: null,
  check: null,
  tests: [],
  agreement: null,
  trouble: null,
})

/** A failure ends the row, not the run. */
async function attempt<T>(result: RowResult, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    result.trouble = error instanceof Error ? error.message : String(error)
    return null
  }
}

/** Runs every test once, and finds out which prompts and how many steps the row has time for. */
async function warmUp(runner: Runner, model: Model, { prompts, longest }: Settings): Promise<void> {
  const [first, ...others] = prompts
  const run = (length: number, steps: number) => runner.peer.generate(promptOf(model, length), steps)
  // Twice: the first compiles shaders
  await run(first, 1)
  const { prefill, decode } = await run(first, DECODE.least)
  const fitting = others.filter((length) => (prefill.wall * length) / first <= longest)
  for (const length of fitting) await run(length, 0)
  runner.prompts = [first, ...fitting]
  const steps = Math.round((DECODE.seconds * DECODE.least) / decode.wall)
  runner.steps = Math.min(Math.max(steps, DECODE.least), DECODE.most)
}

async function sample({ result, peer, prompts, steps, ...runner }: Runner, model: Model): Promise<void> {
  for (const [i, length] of prompts.entries()) {
    const after = i === 0 ? steps : 0
    const { prefill, decode, tokens } = await peer.generate(promptOf(model, length), after)
    note(result, `pp${length}`, length, prefill)
    if (after === 0) continue
    note(result, `tg @ d${length}`, after, decode)
    runner.tokens.splice(0, runner.tokens.length, ...tokens)
  }
}

function note({ tests }: RowResult, name: string, tokens: number, span: Span): void {
  let test = tests.find((test) => test.name === name)
  if (test === undefined) {
    test = { name, tokens, samples: [], rate: 0 }
    tests.push(test)
  }
  test.samples.push(span)
  test.rate = tokens / median(test.samples.map(({ wall }) => wall))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2
}

function compare(reference: { name: string; logits: Float32Array }, logits: Float32Array): Check {
  const differences = logits.map((logit, i) => Math.abs(logit - reference.logits[i]))
  return {
    reference: reference.name,
    // NaN, of a logit that is missing, counts as the largest difference there is
    difference: differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...chunks(differences)),
    scale: Math.max(...chunks(reference.logits.map(Math.abs))),
    sameTop: argmax(logits) === argmax(reference.logits),
  }
}

/** The largest value of every thousand: too many values for one call of Math.max. */
function chunks(values: Float32Array): number[] {
  const largest: number[] = []
  for (let i = 0; i < values.length; i += 1000) largest.push(Math.max(...values.subarray(i, i + 1000)))
  return largest
}

function agreement(expected: readonly number[], tokens: readonly number[]): { same: number; of: number } {
  const of = Math.min(expected.length, tokens.length)
  const different = expected.slice(0, of).findIndex((token, i) => token !== tokens[i])
  return { same: different < 0 ? of : different, of }
}

/** The same tokens for everybody, without the vocabulary's last, which ends texts. */
function promptOf({ config }: Model, length: number): number[] {
  return Array.from({ length }, (_, i) => (i * 7919 + 13) % (config.vocabSize - 1))
}
