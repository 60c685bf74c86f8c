/** The closing line of a generation. Pure. */
import type {
  Finish,
  GeneratedSequence,
  GeneratePolicy,
  GenerateRecord,
  GenerateSparsity,
  Rate,
} from '../record/generate/schema.js'
import { formatBytes, formatCount, formatPercent, formatRate, formatShare, plural, signed } from './format.js'

const ENDINGS: Record<Finish, string> = {
  eos: 'end token',
  stop: 'stop string',
  length: '--max-tokens',
  context: "the model's context",
  interrupted: 'interrupted',
}

/** What was written, how fast, what the cache took when it was fullest, and the sparsity reached; one line. */
export function closingLine({ sequences, timing, cache, sparsity, policy }: GenerateRecord): string {
  const tokens = sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0)
  const texts = sequences.length === 1 ? '' : ` in ${sequences.length} texts`
  const parts = [
    `${plural(tokens, 'token')}${texts} (${endings(sequences)})`,
    `prompt ${rate(timing.prefill)}, decoding ${rate(timing.decode)}`,
  ]
  const dense = formatBytes(cache.dense_bytes)
  if (policy.name === 'dense') parts.push(`cache ${formatBytes(cache.held_bytes)}, dense`)
  else {
    const share = cache.dense_bytes === 0 ? '' : `, ${formatPercent(cache.live_bytes / cache.dense_bytes)}`
    const held = formatBytes(cache.held_bytes)
    parts.push(`cache ${formatBytes(cache.live_bytes)} live in ${held}${share} of dense ${dense}`)
    parts.push(sparsityText(sparsity, policy))
    const { threshold_shift: shift, calibrated_ctx: searched } = policy
    if (shift !== null && searched !== null) parts.push(`threshold shift ${signed(shift)}, found`)
  }
  return parts.join('; ')
}

function sparsityText(
  { achieved, requested, kv_footprint: footprint, kv_peak: peak }: GenerateSparsity,
  { calibrated_ctx: ctx }: GeneratePolicy,
): string {
  const reached = achieved === null ? 'none yet' : formatShare(achieved)
  // A shift removes less of a text that ends before the length it was found at.
  const wanted = ctx === null ? '' : ` (${requested} requested, over ${formatCount(ctx)} tokens)`
  const kv = [footprint, peak].map((share) => (share == null ? null : formatShare(share)))
  return `sparsity ${reached}${wanted}${kv.includes(null) ? '' : `; KV footprint ${kv[0]}, peak ${kv[1]}`}`
}

/** Why the texts ended, the most frequent first. */
function endings(sequences: readonly GeneratedSequence[]): string {
  const counts = new Map<Finish, number>()
  for (const { finish } of sequences) counts.set(finish, (counts.get(finish) ?? 0) + 1)
  const all = [...counts].sort(([, a], [, b]) => b - a)
  if (all.length === 1) return ENDINGS[all[0][0]]
  return all.map(([finish, count]) => `${count} ${ENDINGS[finish]}`).join(', ')
}

function rate({ tokens, seconds }: Rate): string {
  const speed = seconds > 0 ? ` at ${formatRate(tokens / seconds)}/s` : ''
  return `${plural(tokens, 'token')}${speed}`
}
