/** What a chunk's kernels read, made from the prompts whose rows it has. Pure. */
import { SPAN } from '../kernels/structs.js'
import { chunkTiles } from './attention.js'
import { type ChunkPart, rowsOf, type ScoredRow, type SpanRows } from './chunks.js'
import { isGreedy, NOT_FORCED, samplingWords } from './sampling.js'
import type { Step } from './step.js'
import type { StepBuffers } from './step-buffers.js'
import type { Prompt } from './types.js'

export interface ChunkInputs {
  spans: SpanRows[]
  scored: ScoredRow[]
  step: Omit<Step, 'bounds'>
  /** Every scored row takes the arg max. */
  greedy: boolean
  /** A prompt says which token comes next. */
  forced: boolean
  /** What to write into the step's buffers. */
  buffers: Partial<Record<keyof StepBuffers, Uint32Array>>
}

export function chunkInputs(
  prompts: readonly Prompt[],
  parts: readonly ChunkPart[],
  { everyRow, queryTile }: { everyRow: boolean; queryTile: number },
): ChunkInputs {
  const { spans, tokens, scored } = rowsOf(prompts, parts, everyRow)
  const tiles = chunkTiles(spans, queryTile)
  const longest = Math.max(...spans.map(({ count }) => count))
  const samplings = scored.map(({ prompt }) => prompts[prompt].sampling)
  const greedy = samplings.every(isGreedy)
  const next = scored.map(({ prompt, last }) => (last ? (prompts[prompt].next ?? NOT_FORCED) : NOT_FORCED))
  const forced = next.some((token) => token !== NOT_FORCED)
  return {
    spans,
    scored,
    greedy,
    forced,
    step: {
      rows: tokens.length / 2,
      spans: spans.length,
      longest,
      reserve: true,
      tiles: longest > 1 ? tiles.length / 4 : null,
      scored: scored.length,
      gather: true,
    },
    buffers: {
      tokens,
      spans: SPAN.table(spans.map((span) => ({ ...span, first: 0 }))),
      tiles,
      scoredRows: Uint32Array.from(scored, ({ row }) => row),
      chosen: Uint32Array.from(scored.flatMap(({ row }) => [tokens[2 * row], tokens[2 * row + 1]])),
      ...(greedy ? {} : { samplings: samplingWords(samplings) }),
      ...(forced ? { forced: Uint32Array.from(next) } : {}),
    },
  }
}
