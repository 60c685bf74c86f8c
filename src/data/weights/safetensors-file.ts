/** Tensors of one safetensors file, of which only the header is read. */
import { LENGTH_BYTES, parseHeader, readHeaderLength } from '../safetensors.js'
import { type LocatedTensors, located, readRange, withFile } from './located.js'

/** @throws Failure on a file that is missing, truncated or malformed */
export async function locateTensors(file: string): Promise<LocatedTensors> {
  const header = await withFile(file, async (handle) => {
    const { size } = await handle.stat()
    const start = await readRange(handle, 0, Math.min(LENGTH_BYTES, size), file)
    const length = readHeaderLength(start, size, file)
    return parseHeader(await readRange(handle, LENGTH_BYTES, length, file), size, file)
  })
  return new Map([...header.tensors].map(([name, entry]) => [name, located(file, entry)]))
}
