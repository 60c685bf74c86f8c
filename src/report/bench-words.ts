/** A benchmark in words: how its tables name what was measured, and the lines under them. */
import type { BenchConfiguration, BenchRecord } from '../record/bench/schema.js'
import { formatBytes, formatCount, formatLarge, formatRate, formatShare, plural } from './format.js'
import { atRevision, describeAdapter, describeBytes, describePeak, describeTime } from './notes.js'
import type { Note } from './sheet.js'

/** Drops that no trained weights decided are called so in every row. */
export const policyName = ({ policy, drops }: BenchConfiguration): string =>
  drops === 'synthetic' ? 'synthetic drops' : policy

export const sparsityText = ({ sparsity }: BenchConfiguration): string => sparsity?.toString() ?? '-'

export const batchText = ({ batch, batch_asked }: BenchConfiguration): string =>
  batch_asked === 'max' ? `${batch ?? '?'} (max)` : String(batch)

/** Precision and cache: `f16, paged f32`. */
export const settingText = ({ dtype, cache, cache_dtype }: BenchConfiguration): string =>
  `${dtype}, ${cache} ${cache_dtype}`

/** What was timed as the difference of two runs may come out as nothing, or less. */
export const measurable = (value: number | null, format: (value: number) => string): string =>
  value === null ? 'not measurable' : format(value)

/** Milliseconds with three significant digits. */
export const milliseconds = (seconds: number): string => formatRate(1000 * seconds)

export function benchNotes(record: BenchRecord): Note[] {
  const { status, environment, timing, memory } = record
  return [
    ...(status === 'incomplete'
      ? [['INCOMPLETE', 'stopped; figures cover what was measured until then'] as const]
      : []),
    ['Model', describeModel(record)],
    ['Input', describeInput(record)],
    ...thresholds(record.configurations),
    ['Method', describeMethod(record)],
    ...intervalNote(record),
    ...noiseNote(record),
    ['Adapter', describeAdapter(environment)],
    [
      'Time',
      describeTime(timing.total_s, {
        text: timing.tokenize_s,
        load: timing.load_s,
        calibrate: timing.calibrate_s,
        'warm-up': timing.warm_up_s,
        measure: timing.measure_s,
        curves: timing.curve_s,
        stages: timing.stages_s,
      }),
    ],
    [
      'Memory',
      `${describePeak(environment, memory.peak_bytes)} (${describeBytes({ weights: memory.weights_bytes })}), ` +
        `process ${formatBytes(memory.host_peak_rss_bytes)}`,
    ],
    ...record.notes.map((text): Note => ['Note', text]),
  ]
}

function describeModel({ model, configurations }: BenchRecord): string {
  const { n_layer, n_embd } = model.config
  const dtypes = [...new Set(configurations.map(({ dtype }) => dtype))].join(', ')
  const weights =
    model.source === 'random'
      ? 'random weights: speed and memory only, drops are synthetic'
      : 'trained weights'
  return `${atRevision(model.id, model.revision)}, ${formatLarge(model.parameters)} parameters, ${plural(n_layer, 'layer')} of ${n_embd}, ${dtypes}; ${weights}`
}

function describeInput({ data }: BenchRecord): string {
  const shared =
    data.distinct || data.kind === 'random'
      ? ''
      : '; sequences overlap, the text is too short for distinct ones'
  return `${data.source}, ${formatCount(data.tokens)} tokens${shared}`
}

/** One line a threshold, not one a configuration. */
function thresholds(configurations: readonly BenchConfiguration[]): Note[] {
  const lines = configurations.flatMap(
    ({ policy, drops, sparsity, threshold_shift, sized, calibration, ctx }) => {
      if (policy === 'dense') return []
      if (drops === 'synthetic')
        return [`share ${sparsity} dropped by a hash of position and layer, not by the model`]
      if (sized !== null) return [`${policy} ${sparsity} at ctx ${ctx}: ${sized.parameter} ${sized.size}`]
      if (sparsity === 0) return ['sparsity 0 decides at every step and drops nothing']
      if (threshold_shift === null) return [`sparsity ${sparsity} at ctx ${ctx}: no shift was found`]
      if (threshold_shift === 0) return ["the checkpoint's own threshold"]
      if (sparsity === null || calibration === null) return [`threshold shift ${threshold_shift.toFixed(4)}`]
      const removed = formatShare(calibration.sample_sparsity, 3)
      return [
        `sparsity ${sparsity} at ctx ${ctx}: threshold shift ${threshold_shift.toFixed(4)} removes ${removed} of causal pairs`,
      ]
    },
  )
  return [...new Set(lines)].map((line): Note => ['Drops', line])
}

function describeMethod({ method }: BenchRecord): string {
  const { clock, repetitions, warm_up, steps_per_submission, prefill_chunk, delay_s } = method
  const parts = [
    `${repetitions.done} repetitions${warm_up ? ' after a warm-up' : ', no warm-up'}`,
    'medians',
    `order changes each round`,
    `tokens/s by the ${clock}'s clock, first token by the host's`,
    `${steps_per_submission} steps per submission`,
    `prompts in chunks of ${prefill_chunk}`,
    ...(delay_s > 0 ? [`${delay_s} s between tests`] : []),
  ]
  return parts.join(', ')
}

function noiseNote({ results }: BenchRecord): Note[] {
  const floors = results.flatMap(({ noise }) => noise?.floor ?? [])
  if (floors.length === 0) return []
  const [least, most] = [Math.min, Math.max].map((of) => `${(100 * of(...floors)).toFixed(1)} %`)
  return [['Noise', `identical configurations differ by up to ${least} to ${most}, by test`]]
}

/** As benchstat does: what is no 95 % interval is not called one. */
function intervalNote({ results }: BenchRecord): Note[] {
  const few = results.find(({ tokens_per_s }) => tokens_per_s !== null && !tokens_per_s.enough)
  if (!few?.tokens_per_s) return []
  const percent = (100 * few.tokens_per_s.confidence).toFixed(1)
  const n = few.samples.length
  return [
    [
      'Range',
      `lowest to highest of ${n}, an interval of ${percent} % confidence; --repetitions 6 gives one of 95 %`,
    ],
  ]
}
