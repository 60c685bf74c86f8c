/** test/fixtures/weights, unpacked into a folder of its own: one tiny GPT-2 in every kind of weight file (scripts/make-weight-files.py). */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const FIXTURES = join(import.meta.dirname, '../fixtures/weights')

export interface WeightFixtures {
  /** Of one kind. */
  folder(kind: string): string
  remove(): Promise<void>
}

export async function unpackFixtures(): Promise<WeightFixtures> {
  const root = await mkdtemp(join(tmpdir(), 'asp-weights-'))
  await cp(FIXTURES, root, { recursive: true })
  const names = await readdir(root, { recursive: true })
  for (const name of names.filter((one) => one.endsWith('.gz'))) {
    await writeFile(join(root, name.slice(0, -'.gz'.length)), gunzipSync(await readFile(join(root, name))))
    await rm(join(root, name))
  }
  return { folder: (kind) => join(root, kind), remove: () => rm(root, { recursive: true, force: true }) }
}
