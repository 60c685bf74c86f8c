/** A prepared generation and a device -> texts as they come, and the record in the end. */
import type { Decoder } from '../engine/decode/decoder.js'
import { MOST_STEPS } from '../engine/decode/step-uniforms.js'
import { Engine } from '../engine/engine.js'
import { requestedSparsity } from '../pruning/level.js'
import { shiftOf } from '../pruning/policy-record.js'
import type { EnvironmentRecord } from '../record/common.js'
import type { GeneratedSequence, GenerateRecord } from '../record/generate/schema.js'
import { GENERATE_SCHEMA } from '../record/kinds.js'
import type { RunDevice } from '../run/open-model.js'
import { loadProgress, type OnProgress, searchProgress } from '../run/progress.js'
import { stopwatch } from '../run/stopwatch.js'
import { drive, type Step } from './drive.js'
import type { PreparedGenerate } from './prepare.js'
import { chooseRule } from './rule.js'
import { createTotals } from './totals.js'
import { createWriting, type WritingHooks } from './writing.js'

export interface GenerateHooks extends WritingHooks {
  onProgress?: OnProgress
  signal?: AbortSignal
  /** Everything is ready; texts follow. */
  onStart?: () => void
  /** After each submission: new tokens of all texts so far. */
  onTokens?: (tokens: number) => void
}

/** Rows of prompts at a time at most. */
const CHUNK = 512

/** Tokens of a prompt that stand for it where only kernels are compiled. */
const FEW = 16

/** Aborting ends the texts where they stand. Rejects with the signal's reason while nothing has been generated. */
export async function runGenerate(
  prepared: PreparedGenerate,
  { device, lost, adapter, memoryLimit }: RunDevice,
  { environment, started }: { environment: EnvironmentRecord; started: Date },
  hooks: GenerateHooks = {},
): Promise<GenerateRecord> {
  const { checkpoint, ctx, dtype, level, options, slots } = prepared
  const { signal, onProgress } = hooks
  const requested = requestedSparsity(level)
  const lap = stopwatch()
  const engine = await Engine.open(checkpoint.config, checkpoint.tensors, {
    device,
    lost,
    adapter,
    dtype,
    memoryLimit,
    onLoad: loadProgress(onProgress),
  })
  try {
    const loading = lap()
    const { rule } = await chooseRule(engine, prepared, {
      signal,
      onTry: searchProgress(onProgress),
    })
    signal?.throwIfAborted()
    const calibrate = lap()
    const longest = Math.max(...prepared.jobs.map(({ tokens }) => tokens.length))
    const decoder = await engine.decoder({
      rule,
      cache: options.cache,
      cacheDtype: options.cacheDtype,
      slots,
      chunk: Math.min(CHUNK, Math.ceil(longest / 64) * 64),
    })
    await compile(decoder, prepared)
    const load = loading + lap()
    hooks.onStart?.()
    const totals = createTotals(checkpoint.config, options)
    const writing = createWriting(prepared, rule, hooks)
    const prunes = rule.kind !== 'dense'
    await drive(
      decoder,
      prepared.jobs,
      {
        slots,
        mostSteps: MOST_STEPS,
        deaths: !prunes ? 'none' : hooks.onDrops === undefined ? 'close' : 'watch',
        signal: hooks.signal,
      },
      {
        onToken: writing.onToken,
        onStep: (step: Step) => {
          totals.add(step)
          hooks.onTokens?.(writing.tokens())
        },
        onDeaths: writing.onDeaths,
        onClose: writing.onClose,
      },
    )
    decoder.close()
    const sequences = writing.ended()
    const timing = totals.timing(writing.tokens() - sequences.length)
    return {
      schema: GENERATE_SCHEMA,
      kind: 'generate',
      status: isWhole(sequences, prepared.jobs.length) ? 'complete' : 'incomplete',
      date: started.getTime() / 1000,
      model: {
        id: prepared.model.id,
        source: prepared.model.source,
        revision: prepared.model.revision,
        dtype,
      },
      policy: {
        name: level.policy,
        threshold_shift: shiftOf(rule),
        calibrated_ctx: requested === null || rule.kind === 'keep-all' ? null : ctx,
      },
      sampling: {
        temperature: prepared.sampling.temperature,
        top_k: prepared.sampling.topK,
        top_p: prepared.sampling.topP,
        seed: prepared.sampling.seed,
        max_tokens: options.maxTokens,
        stop: [...options.stops],
        ignore_eos: options.ignoreEos,
      },
      sequences,
      sparsity: { requested, ...writing.sparsity() },
      cache: totals.cache(),
      timing: { load_s: load, calibrate_s: calibrate, ...timing },
      environment,
      command: [...options.command],
    }
  } finally {
    engine.close()
  }
}

/** Has the kernels compiled, by a few tokens of the first prompts: it would otherwise pass for a slow prompt. */
async function compile(decoder: Decoder, { jobs, slots }: PreparedGenerate): Promise<void> {
  const prompts = jobs.slice(0, slots).map(({ tokens, sampling }, slot) => ({
    slot,
    tokens: tokens.subarray(0, FEW),
    sampling,
  }))
  const at = prompts.map(({ slot }) => slot)
  await decoder.prefill(prompts)
  await decoder.decode(at, 1)
  await decoder.release(at)
}

const isWhole = (sequences: readonly GeneratedSequence[], wanted: number): boolean =>
  sequences.length === wanted && sequences.every(({ finish }) => finish !== 'interrupted')
