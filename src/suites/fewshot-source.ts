/** Where few-shot examples are read from: a path that was given, the folder of the data, the Hub, or the split itself. */
import { isFolder } from '../data/files.js'
import { type FetchOptions, fetchDataset } from '../data/hub/hub.js'
import { Failure } from '../errors.js'
import { type Dataset, readHub, readLocal } from './dataset.js'
import { filesGlob } from './glob.js'
import type { Suite } from './suite.js'

export interface ShotSource {
  /** `--fewshot-data`: file or folder. */
  fewshotData?: string
  /** `--data`, when it is a path. */
  data?: string
}

/** Rows of the suite's few-shot split. Failure: no split to draw from, or none within reach. */
export async function readShotPool(
  suite: Suite,
  loaded: Dataset,
  { fewshotData, data }: ShotSource,
  hub: FetchOptions,
): Promise<Dataset> {
  const { fewshot, split, repo, revision, path } = suite.dataset
  if (suite.output === 'loglikelihood_rolling')
    throw new Failure(`${suite.name}: scores whole texts, which take no few-shot examples`, {
      hint: 'leave it out, or leave out --num-fewshot',
    })
  if (fewshotData !== undefined) return readLocal(suite, fewshotData, { split: fewshot?.split ?? 'train' })
  if (fewshot === undefined)
    throw new Failure(`${suite.name}: names no split to draw few-shot examples from`, {
      hint: "give a file with --fewshot-data, or add 'dataset.fewshot' to the suite",
    })
  // lm-eval draws from the evaluated split itself where a task has no other.
  if (fewshot.split === split && fewshot.path === undefined) return loaded
  if (fewshot.path !== undefined) return readLocal(suite, fewshot.path, { split: fewshot.split })
  const beside = await fromFolder(suite, data ?? path, fewshot.split)
  if (beside !== undefined) return beside
  if (fewshot.files !== undefined) {
    try {
      const fetched = await fetchDataset(repo, revision, filesGlob(fewshot.files), hub)
      return await readHub(suite, fetched.files, fetched.revision, { split: fewshot.split })
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'unreachable')) throw error
    }
  }
  throw new Failure(
    `${suite.name}: few-shot examples come from its ${fewshot.split} split, which is not available`,
    {
      hint: `give a file or folder with it: --fewshot-data <path>`,
    },
  )
}

/** The split from a folder that holds several; undefined when it has no such file. */
async function fromFolder(
  suite: Suite,
  folder: string | undefined,
  split: string,
): Promise<Dataset | undefined> {
  if (folder === undefined || !(await isFolder(folder))) return undefined
  return readLocal(suite, folder, { split }).catch((error: unknown) => {
    if (error instanceof Failure && error.message.startsWith(`${folder}: no data file`)) return undefined
    throw error
  })
}
