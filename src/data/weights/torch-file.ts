/** A file of torch.save, whole or a shard: the tensors of its state dict, and nanoGPT's settings. */
import { Failure } from '../../errors.js'
import type { JsonObject } from '../json-file.js'
import { inHex, type LocatedTensors, readStart, START_BYTES } from './located.js'
import { nanoGptConfig } from './nanogpt.js'
import { readArchive } from './torch-archive.js'
import { readLegacy } from './torch-legacy.js'
import { TorchTensor } from './torch-names.js'
import { locateView } from './torch-tensors.js'

export interface TorchFile {
  tensors: LocatedTensors
  /** What nanoGPT's settings come to, in the terms of config.json; null where there are none. */
  config: JsonObject | null
}

const ZIP_START = 'PK\x03\x04'

/** From its first bytes: a zip archive, or a pickle of protocol 2 and up as it was before. */
export const isTorch = (start: Buffer): boolean =>
  isZip(start) || (start.length > 1 && start[0] === 0x80 && start[1] >= 2 && start[1] <= 5)

const isZip = (start: Buffer): boolean => start.toString('latin1').startsWith(ZIP_START)

/** Under which a checkpoint keeps its state dict beside other things: nanoGPT, Lightning. */
const STATES = ['model', 'state_dict']

/** @throws Failure on a file that is damaged, that names or calls anything but tensors, or that has no state dict */
export async function openTorchFile(file: string): Promise<TorchFile> {
  const start = Buffer.from(await readStart(file, START_BYTES))
  if (!isTorch(start)) {
    throw new Failure(`${file}: must be a file of torch.save, got one that begins with ${inHex(start)}`, {
      hint: 'download or export the file again',
    })
  }
  const { value, storages } = await (isZip(start) ? readArchive(file) : readLegacy(file))
  const whole = value instanceof Map ? value : new Map()
  const state = [...STATES.map((key) => whole.get(key)), whole].find(hasTensors)
  if (state === undefined) {
    throw new Failure(
      `${file}: must have a state dict, got no tensors in it nor under ${STATES.join(', ')}`,
      {
        hint: 'save model.state_dict()',
      },
    )
  }
  const tensors: LocatedTensors = new Map()
  for (const [name, tensor] of state) {
    if (typeof name !== 'string' || !(tensor instanceof TorchTensor)) continue
    tensors.set(name, locateView(name, tensor, storages.get(tensor.storage.key), file))
  }
  const settings: unknown = whole.get('model_args')
  return { tensors, config: settings instanceof Map ? nanoGptConfig(settings, file) : null }
}

function hasTensors(value: unknown): value is Map<unknown, unknown> {
  return value instanceof Map && [...value.values()].some((one) => one instanceof TorchTensor)
}
