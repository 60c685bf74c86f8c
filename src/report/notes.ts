/** What the lines under every table say in the same words: the model, the adapter, times and memory. */
import type { EnvironmentRecord, ModelRecord } from '../record/common.js'
import { formatBytes, formatLarge, formatSeconds, formatShare, plural } from './format.js'
import type { Note } from './sheet.js'

/** `gpt2@607a30d7`: an id or a file with the beginning of its commit, where it has one. */
export const atRevision = (id: string, revision: string | null): string =>
  revision === null ? id : `${id}@${revision.slice(0, 8)}`

export function describeModel(model: ModelRecord): string {
  const { id, source, revision, parameters, dtype, stored_dtype, config, padded_rows = 0 } = model
  const files = [model.weights_kind, model.tokenizer_source === 'gpt2' ? "GPT-2's own tokenizer" : undefined]
  const kinds = files.filter((kind) => kind !== undefined)
  const from = source === 'bundled' ? ' (bundled)' : kinds.length > 0 ? ` (${kinds.join(', ')})` : ''
  const held = dtype === stored_dtype ? dtype : `${dtype} (stored ${stored_dtype})`
  const padded =
    padded_rows === 0 ? '' : `, ${padded_rows} of ${config.vocab_size} vocabulary rows without a token`
  return `${atRevision(id, revision)}${from}, ${formatLarge(parameters)} parameters, ${plural(config.n_layer, 'layer')}, ${held}${padded}`
}

export function describeAdapter({ adapter, dawn }: EnvironmentRecord): string {
  const { name, backend, kind, bundled, driver } = adapter
  if (kind === 'cpu') return `${name}, ${kind}; ${driver}`
  return `${name}, ${backend}, ${kind}${bundled ? ', bundled driver' : ''}; Dawn ${dawn}`
}

/** `GPU peak 100 MiB`: the most memory of the device. */
export const describePeak = ({ adapter }: EnvironmentRecord, bytes: number): string =>
  `${adapter.kind === 'cpu' ? 'peak' : 'GPU peak'} ${formatBytes(bytes)}`

/** `footprint 0.5213, peak 0.6001 (mean of requests; largest 0.8120)`. */
export function describeKv(
  footprint: number,
  { kv_peak: peak, kv_peak_max: most }: { kv_peak?: number | null; kv_peak_max?: number | null },
  of = 'requests',
): string {
  const largest = most == null ? '' : ` (mean of ${of}; largest ${formatShare(most, 4)})`
  const known = peak == null ? '' : `, peak ${formatShare(peak, 4)}${largest}`
  return `footprint ${formatShare(footprint, 4)}${known}, of a full cache`
}

/** Below this tables show 0.000. */
const NOTHING = 0.0005

/** A policy that was to drop something and did not: its figures are the dense model's, and nobody should take them for more. */
export function nothingDropped(
  policy: string,
  { requested = null, achieved }: { requested?: number | null; achieved: number },
): Note[] {
  if (policy === 'dense' || requested === 0 || achieved >= NOTHING) return []
  const why =
    policy === 'adaptive'
      ? 'no drop score falls below the threshold; --sparsity 0.5 finds one that drops half'
      : 'no text is longer than what it keeps'
  return [['Nothing', `was dropped, these are the dense model's figures: ${why}`]]
}

/** `19.9 s: load 0.51 s, score 16.0 s` */
export const describeTime = (total: number, parts: Readonly<Record<string, number>>): string =>
  `${formatSeconds(total)}: ${listed(parts, formatSeconds)}`

/** `weights 17.6 MiB, cache 0 bytes` */
export const describeBytes = (parts: Readonly<Record<string, number>>): string => listed(parts, formatBytes)

const listed = (parts: Readonly<Record<string, number>>, format: (value: number) => string): string =>
  Object.entries(parts)
    .map(([name, value]) => `${name} ${format(value)}`)
    .join(', ')
