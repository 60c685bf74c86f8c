/**
 * What is measured, in llama-bench's words: `pp512` processes a prompt of 512 tokens, `tg128` generates 128, and
 * `@ d512` says that 512 tokens are in the cache before the clock starts. Flags -> tests. Pure.
 */
import { Failure } from '../errors.js'

export interface Test {
  /** Prompt tokens whose processing is timed. */
  prompt: number
  /** Tokens generated after it. */
  gen: number
  /** Tokens that are in the cache beforehand. */
  depth: number
}

/** Tests that share a drop rule: what a threshold drops depends on the length it was found at. */
export interface TestGroup {
  /** Tokens of the longest sequence. */
  ctx: number
  tests: Test[]
  /** Whether latency is followed token by token up to `ctx`. */
  curve: boolean
}

/** A prompt and what is generated after it, timed as one. */
export type PromptGen = Pick<Test, 'prompt' | 'gen'>

/** Lists of token counts. */
export interface TestFlags {
  prompt?: readonly number[]
  gen?: readonly number[]
  depth?: readonly number[]
  promptGen?: readonly PromptGen[]
  /** Each at least 2. */
  ctx?: readonly number[]
  /** Undefined: with `ctx` only. */
  curve?: boolean
}

export interface TestPlan {
  groups: TestGroup[]
  /** What was chosen or left out, in words. */
  notes: string[]
}

const DEFAULT_PROMPT = 512
const DEFAULT_GEN = 128

/** `pp512`, `tg128 @ d512`, `pp512+tg128`. */
export function testName({ prompt, gen, depth }: Test): string {
  const parts = [...(prompt > 0 ? [`pp${prompt}`] : []), ...(gen > 0 ? [`tg${gen}`] : [])]
  return `${parts.join('+')}${depth > 0 ? ` @ d${depth}` : ''}`
}

/** Tokens of a sequence when the test ends. Generating needs something to go on from: one token, where there is none. */
export function testLength({ prompt, gen, depth }: Test): number {
  return Math.max(prompt + depth, 1) + gen
}

/**
 * `--ctx N` stands for the prompt of N tokens, generation up to N, and the curve up to N; the other flags, and
 * their defaults where no flag is given at all, stand for llama-bench's tests.
 * @param nPositions tokens the model can hold
 * @throws Failure on flags that leave nothing to measure
 */
export function planTests(flags: TestFlags, nPositions: number): TestPlan {
  const notes: string[] = []
  const groups: TestGroup[] = (flags.ctx ?? []).map((ctx) => ctxGroup(ctx, flags, nPositions, notes))
  const { prompt, depth, promptGen = [] } = flags
  if (groups.length === 0 || prompt !== undefined || depth !== undefined || promptGen.length > 0) {
    const tests = explicitTests(flags, nPositions, groups.length > 0, notes)
    groups.push({ ctx: Math.max(...tests.map(testLength)), tests, curve: flags.curve ?? false })
  }
  return { groups, notes }
}

function ctxGroup(ctx: number, { gen, curve }: TestFlags, nPositions: number, notes: string[]): TestGroup {
  if (ctx > nPositions) {
    throw new Failure(`--ctx: must be at most ${nPositions}, what the model can hold, got ${ctx}`, {
      hint: `--ctx ${nPositions}`,
    })
  }
  const usual = Math.min(DEFAULT_GEN, Math.max(1, ctx >> 2))
  const wanted = gen ?? [usual]
  const long = wanted.filter((n) => n >= ctx)
  if (long.length > 0) notes.push(`tg${long.join(', tg')} left out at --ctx ${ctx}: longer than the context`)
  if (gen === undefined && usual < DEFAULT_GEN) {
    notes.push(`--gen ${usual} chosen for --ctx ${ctx}, a quarter of it`)
  }
  const tests = [
    { prompt: ctx, gen: 0, depth: 0 },
    ...wanted.filter((n) => n > 0 && n < ctx).map((n) => ({ prompt: 0, gen: n, depth: ctx - n })),
  ]
  return { ctx, tests, curve: curve ?? true }
}

/** Every prompt, every generation and every pair, each at every depth. llama-bench's defaults count without `--ctx`. */
function explicitTests(
  { prompt, gen, depth, promptGen = [] }: TestFlags,
  nPositions: number,
  besideCtx: boolean,
  notes: string[],
): Test[] {
  const named = prompt !== undefined || promptGen.length > 0
  const usualPrompt = besideCtx ? 0 : Math.min(DEFAULT_PROMPT, nPositions >> 1)
  const usualGen = besideCtx && named ? 0 : Math.min(DEFAULT_GEN, nPositions >> 2)
  const prompts = prompt ?? [usualPrompt]
  const gens = gen ?? [usualGen]
  const depths = depth ?? [0]
  const all = depths.flatMap((d) => [
    ...prompts.map((n) => ({ prompt: n, gen: 0, depth: d })),
    ...gens.map((n) => ({ prompt: 0, gen: n, depth: d })),
    ...promptGen.map((pair) => ({ ...pair, depth: d })),
  ])
  const asked = all.filter((one) => one.prompt + one.gen > 0)
  const tests = asked.filter((one) => testLength(one) <= nPositions)
  if (tests.length === 0) {
    const what = asked.length === 0 ? 'nothing to measure' : `${asked.map(testName).join(', ')}`
    throw new Failure(
      `--prompt, --gen, --depth: must leave a test of at most ${nPositions} tokens, got ${what}`,
      {
        hint: 'for example --prompt 512 --gen 128 --depth 0,512',
      },
    )
  }
  const long = asked.filter((one) => testLength(one) > nPositions)
  if (long.length > 0) {
    notes.push(`${long.map(testName).join(', ')} left out: the model can hold ${nPositions} tokens`)
  }
  return tests
}

/** `512,128` or `512+128`. `flag` as typed; Failure. */
export function parsePromptGen(flag: string, text: string): PromptGen {
  const { groups } = /^(?<prompt>\d+)[,+](?<gen>\d+)$/.exec(text.trim()) ?? {}
  if (groups === undefined) {
    throw new Failure(`${flag}: must be two whole numbers, got ${JSON.stringify(text)}`, {
      hint: `${flag} 512,128 is a prompt of 512 tokens and 128 generated after it`,
    })
  }
  return { prompt: Number(groups.prompt), gen: Number(groups.gen) }
}
