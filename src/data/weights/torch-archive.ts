/**
 * A file of torch.save since 1.6: a zip archive with a pickle (`data.pkl`) and an entry of raw bytes for each storage (`data/<key>`).
 * _save in torch/serialization.py.
 */
import { Failure } from '../../errors.js'
import { readRange, withFile } from './located.js'
import { unpickle } from './pickle.js'
import { torchNames } from './torch-names.js'
import { MOST_PICKLE_BYTES, type StorageRange, type TorchValue } from './torch-tensors.js'
import { readZip } from './zip.js'

export async function readArchive(file: string): Promise<TorchValue> {
  const entries = await readZip(file)
  const main = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name))
  const pickle = main === undefined ? undefined : entries.get(main)
  if (main === undefined || pickle === undefined) {
    throw new Failure(`${file}: a zip archive, but not one of torch.save: it has no data.pkl`, {
      hint: 'point --model at a checkpoint folder or a weight file',
    })
  }
  const root = main.slice(0, -'data.pkl'.length)
  if (pickle.byteLength > MOST_PICKLE_BYTES) {
    throw new Failure(
      `${file}: its pickle must have at most ${MOST_PICKLE_BYTES} bytes, got ${pickle.byteLength}`,
      {
        hint: 'keep the weights in it, and no lists of other things',
      },
    )
  }
  const order = entries.get(`${root}byteorder`)
  const [bytes, orderBytes] = await withFile(file, async (handle) => [
    await readRange(handle, pickle.offset, pickle.byteLength, file),
    order && (await readRange(handle, order.offset, Math.min(order.byteLength, 8), file)),
  ])
  const byteorder = orderBytes === undefined ? 'little' : Buffer.from(orderBytes).toString('latin1')
  if (byteorder !== 'little') {
    throw new Failure(`${file}: byteorder must be little, got ${JSON.stringify(byteorder)}`, {
      hint: 'load it with torch on this machine and save it again',
    })
  }
  const storages = new Map<string, StorageRange>()
  for (const [name, range] of entries)
    if (name.startsWith(`${root}data/`)) storages.set(name.slice(root.length + 'data/'.length), range)
  return { value: unpickle(bytes as Uint8Array, torchNames(file), file).value, storages }
}
