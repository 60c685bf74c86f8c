/** A finished checkpoint to the Hub: weights, tokenizer, card, log and record; the training states stay at home. */
import { readdir } from 'node:fs/promises'
import { type Upload, uploadModel } from '../data/hub/upload.js'
import type { TrainRecord } from '../record/train/schema.js'
import { describeTraining } from './card.js'

/** Everything that lies directly in the folder of a run. */
export async function pushRun(
  folder: string,
  repo: string,
  record: TrainRecord,
  upload: (upload: Upload) => Promise<{ commit: string; url: string }> = uploadModel,
): Promise<{ commit: string; url: string }> {
  const entries = await readdir(folder, { withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
  return upload({
    repo,
    folder,
    files: files.sort(),
    title: `${record.source.id}, ${describeTraining(record)}`,
  })
}
