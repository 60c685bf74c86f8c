/** Token shards as their makers write them. */

/** write_datafile of llm.c's dev/data/data_common.py, which modded-nanogpt has too. */
export function llmcShard(
  tokens: readonly number[] | Uint32Array,
  changes: Record<number, number> = {},
): Buffer {
  const header = new Int32Array(256)
  header.set([20240520, 1, tokens.length])
  for (const [i, value] of Object.entries(changes)) header[Number(i)] = value
  return Buffer.concat([Buffer.from(header.buffer), bareShard(tokens)])
}

/** nanoGPT's prepare.py: np.array(ids, dtype=np.uint16).tofile('val.bin'). */
export const bareShard = (tokens: readonly number[] | Uint32Array): Buffer =>
  Buffer.from(Uint16Array.from(tokens).buffer)
