/**
 * Text that is tokens already: shards of llm.c and modded-nanogpt (256 int32 of header, then uint16; dev/data/data_common.py of
 * karpathy/llm.c), and nanoGPT's `train.bin` and `val.bin`, which are uint16 alone.
 */
import { stat } from 'node:fs/promises'
import { Failure } from '../errors.js'
import type { TextSource } from './text.js'
import { readRange, readStart, sha256OfFiles, withFile } from './weights/located.js'

export interface TokenShards {
  /** Of all shards, one after the other. */
  tokens: Uint16Array
  sources: TextSource[]
}

const MAGIC = 20240520
const VERSION = 1
const HEADER_INTS = 256
const BYTES = 2

const HINT = { hint: 'make the shard again, or download it again' }

interface Layout {
  /** Bytes before the first token. */
  start: number
  tokens: number
}

/**
 * @param most tokens are taken, from the beginning
 * @returns null where no input is a shard
 * @throws Failure on a shard that is damaged, and on shards beside text
 */
export async function readTokenShards(
  inputs: readonly string[],
  most = Number.POSITIVE_INFINITY,
): Promise<TokenShards | null> {
  const layouts = await Promise.all(inputs.map(layoutOf))
  if (layouts.every((layout) => layout === null)) return null
  const parts: Uint16Array[] = []
  const sources: TextSource[] = []
  let left = most
  for (const [i, file] of inputs.entries()) {
    const layout = layouts[i]
    if (layout === null) {
      throw new Failure(`${file}: is text beside token shards, which cannot be joined`, {
        hint: 'give shards alone, or text alone',
      })
    }
    const count = Math.min(left, layout.tokens)
    if (count === 0 && i > 0) break
    parts.push(await readTokens(file, layout.start, count))
    left -= count
    const sha256 = await sha256OfFiles([file])
    sources.push({ kind: 'tokens', source: file, revision: null, split: null, documents: 1, sha256 })
  }
  const tokens = new Uint16Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    tokens.set(part, at)
    at += part.length
  }
  return { tokens, sources }
}

/** Null for anything but a shard: one is known by its magic number, and nanoGPT's, which has none, by the ending of its name. */
async function layoutOf(file: string): Promise<Layout | null> {
  const info = await stat(file).catch(() => null)
  if (info === null || !info.isFile()) return null
  const header = Buffer.from(await readStart(file, 12))
  if (header.length >= 4 && header.readInt32LE(0) === MAGIC) return llmcLayout(file, header, info.size)
  if (!file.toLowerCase().endsWith('.bin')) return null
  if (info.size === 0 || info.size % BYTES !== 0) {
    throw new Failure(`${file}: must hold tokens of ${BYTES} bytes each, got ${info.size} bytes`, HINT)
  }
  return { start: 0, tokens: info.size / BYTES }
}

function llmcLayout(file: string, header: Buffer, size: number): Layout {
  const start = 4 * HEADER_INTS
  const [version, tokens] = header.length < 12 ? [] : [header.readInt32LE(4), header.readInt32LE(8)]
  if (version !== VERSION) {
    throw new Failure(`${file}: a token shard must be of version ${VERSION} (uint16), got ${version}`, HINT)
  }
  if (tokens === undefined || tokens < 1 || start + BYTES * tokens !== size) {
    throw new Failure(
      `${file}: must have ${start} bytes and ${BYTES} for each of ${tokens} tokens, got ${size}`,
      HINT,
    )
  }
  return { start, tokens }
}

function readTokens(file: string, start: number, count: number): Promise<Uint16Array> {
  return withFile(file, async (handle) => {
    const { buffer, byteOffset } = await readRange(handle, start, BYTES * count, file)
    return new Uint16Array(buffer, byteOffset, count)
  })
}

/** @throws Failure on an id that the model has no row for */
export function checkTokens(
  tokens: ArrayLike<number>,
  modelVocab: number,
  { sources }: Pick<TokenShards, 'sources'>,
): void {
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] < modelVocab) continue
    const files = sources.map(({ source }) => source).join(', ')
    throw new Failure(
      `${files}: token ids must be below the model's vocabulary of ${modelVocab}, got ${tokens[i]} at token ${i}`,
      { hint: 'use shards that were made with the tokenizer of this model' },
    )
  }
}
