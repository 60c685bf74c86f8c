/** Weights in several files, listed by an index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`). */
import { basename, join } from 'node:path'
import { Failure } from '../../errors.js'
import { isObject, readJsonObject } from '../json-file.js'
import { type LocatedTensors, shown } from './located.js'

const ONE_REVISION = 'download the shards and the index from the same revision'

export interface Shards {
  /** Paths in name order. */
  files: readonly string[]
  tensors: LocatedTensors
}

/**
 * @param ending of the shards' names
 * @throws Failure when a shard is missing or malformed, has a tensor of another's, or lacks one that the index puts there
 */
export async function openShards(
  index: string,
  folder: string,
  ending: string,
  open: (file: string) => Promise<LocatedTensors>,
): Promise<Shards> {
  const shardOf = await readIndex(join(folder, index), ending)
  const files = [...new Set(shardOf.values())].sort().map((name) => join(folder, name))
  const tensors: LocatedTensors = new Map()
  for (const file of files) {
    for (const [name, tensor] of await open(file)) {
      const other = tensors.get(name)
      if (other !== undefined) {
        throw new Failure(`${file}: has tensor ${shown(name)}, which ${basename(other.file)} has as well`, {
          hint: ONE_REVISION,
        })
      }
      tensors.set(name, tensor)
    }
  }
  for (const [name, shard] of shardOf) {
    if (tensors.get(name)?.file === join(folder, shard)) continue
    throw new Failure(`${join(folder, shard)}: lacks tensor ${shown(name)} that ${index} puts there`, {
      hint: ONE_REVISION,
    })
  }
  return { files, tensors }
}

async function readIndex(path: string, ending: string): Promise<Map<string, string>> {
  const { weight_map: shards } = await readJsonObject(path, 'export the checkpoint again')
  const hint = 'download or export the index again'
  if (!isObject(shards)) {
    throw new Failure(`${path}: must have a weight_map object, got ${JSON.stringify(shards)}`, { hint })
  }
  return new Map(
    Object.entries(shards).map(([name, shard]) => {
      if (typeof shard === 'string' && basename(shard) === shard && shard.endsWith(ending)) {
        return [name, shard]
      }
      throw new Failure(
        `${path}: ${shown(name)} must name a ${ending} file in the same folder, got ${JSON.stringify(shard)}`,
        { hint },
      )
    }),
  )
}
