/** `asp fetch`: what is named -> models and suites, each fetched into the cache and opened once to know that it can be used. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { BUNDLED_MODELS } from '../data/bundled.js'
import { openCheckpoint } from '../data/checkpoint.js'
import { type FetchedRepo, type FetchOptions, fetchDataset, fetchModel } from '../data/hub/hub.js'
import { hubModel, looksLikePath, MODEL_NAMES } from '../data/model.js'
import { Failure, nearestName } from '../errors.js'
import { hubPattern, readHub } from './dataset.js'
import { filesGlob } from './glob.js'
import { listGroups, selectSuites } from './groups.js'
import { namedSuites, type Suite, soloNames, suiteNames } from './suite.js'

export type Target =
  | { kind: 'model'; name: string; revision: string | undefined; file: string | undefined }
  | { kind: 'suite'; name: string; suite: Suite }
  /** Comes with asp or lies on this machine already. */
  | { kind: 'local'; name: string; why: string }

/** What was stored, as `--json` tells it. */
export interface Fetched {
  target: string
  type: 'model' | 'dataset'
  /** `owner/name` */
  repo: string
  /** Branch, tag or commit that was asked for. */
  revision: string
  commit: string
  /** The snapshot in the cache. */
  folder: string
  files: { path: string; bytes: number }[]
  bytes: number
  /** Of these, what was not cached before. */
  new_bytes: number
  /** Of a suite: what its split holds, such as "Rowan/hellaswag, all 10042". */
  note: string | null
}

/**
 * @param revision for models from the Hub
 * @throws Failure on a name that is nothing, and on a revision without a model
 */
export function planTargets(typed: readonly string[], revision?: string): Target[] {
  const targets = typed.flatMap((name) => targetsOf(name, revision))
  if (revision !== undefined && !targets.some(({ kind }) => kind === 'model')) {
    throw new Failure(`--revision: applies to models from the Hub, got ${revision} and none of them`, {
      hint: 'a suite file sets the revision of its own dataset',
    })
  }
  return targets.filter((target, i) => i === targets.findIndex((one) => isSame(one, target)))
}

const isSame = (one: Target, other: Target): boolean =>
  one.kind === other.kind &&
  one.name === other.name &&
  (one.kind !== 'model' || other.kind !== 'model' || one.file === other.file)

function targetsOf(name: string, revision: string | undefined): Target[] {
  const groups = listGroups().map((group) => group.name)
  if ([...namedSuites(), ...groups].includes(name) || /[*?,]|\.json$/.test(name)) {
    return selectSuites([name]).suites.map(suiteTarget)
  }
  if (BUNDLED_MODELS.some((model) => model === name)) return [{ kind: 'local', name, why: 'comes with asp' }]
  if (looksLikePath(name)) {
    return [{ kind: 'local', name, why: 'is a path on this machine' }]
  }
  const model = hubModel(name)
  if (model === null) throw unknown(name, groups)
  if (model.revision !== undefined && revision !== undefined && model.revision !== revision) {
    throw new Failure(`${name}: names a revision, got --revision ${revision} as well`, {
      hint: 'give the revision once',
    })
  }
  return [{ kind: 'model', name: model.name, revision: model.revision ?? revision, file: model.file }]
}

function suiteTarget(suite: Suite): Target {
  const { name, dataset } = suite
  if (dataset.recall !== undefined) return { kind: 'local', name, why: 'is made for the model' }
  if (dataset.path !== undefined) return { kind: 'local', name, why: `reads ${dataset.path}` }
  return { kind: 'suite', name, suite }
}

function unknown(name: string, groups: readonly string[]): Failure {
  const known = [...soloNames(), ...groups, ...MODEL_NAMES]
  const near = nearestName(name, [...suiteNames(), ...known])
  return new Failure(`unknown model or suite '${name}'`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}a model is owner/name, known names are ${known.join(', ')}`,
  })
}

/** What a suite needs besides its own split. */
export interface TargetOptions extends FetchOptions {
  /** Also the split that few-shot examples are drawn from. */
  fewshot: boolean
}

/** Failure: it cannot be had, or cannot be used once it is there. */
export async function fetchTarget(
  target: Exclude<Target, { kind: 'local' }>,
  options: TargetOptions,
): Promise<Fetched> {
  let before = 0
  let latest = 0
  const counted: FetchOptions = {
    ...options,
    onProgress: (progress) => {
      latest = progress.done
      options.onProgress?.(progress)
    },
  }
  if (target.kind === 'model') {
    const { name, revision = 'main', file } = target
    const fetched = await fetchModel(name, revision, { ...counted, file })
    const { folder } = fetched
    const origin = { id: name, revision: fetched.revision }
    await openCheckpoint(file === undefined ? folder : join(folder, file), origin)
    return told(name, 'model', name, revision, [fetched], latest, null)
  }
  const { suite } = target
  const { repo, revision, fewshot } = suite.dataset
  const fetched = await fetchDataset(repo, revision, hubPattern(suite), counted)
  const { origin } = await readHub(suite, fetched.files, fetched.revision)
  const parts = [fetched]
  if (options.fewshot && fewshot?.files !== undefined && fewshot.files !== suite.dataset.files) {
    before = latest
    latest = 0
    // The same commit, whatever was pushed in between.
    parts.push(await fetchDataset(repo, fetched.revision, filesGlob(fewshot.files), counted))
  }
  return told(target.name, 'dataset', repo, revision, parts, before + latest, origin.note)
}

async function told(
  target: string,
  type: Fetched['type'],
  repo: string,
  revision: string,
  parts: readonly FetchedRepo[],
  newBytes: number,
  note: string | null,
): Promise<Fetched> {
  const [{ folder, revision: commit }] = parts
  const paths = [...new Set(parts.flatMap(({ files }) => files))]
  const files = await Promise.all(
    paths.map(async (path) => ({ path: path.slice(folder.length + 1), bytes: (await stat(path)).size })),
  )
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return { target, type, repo, revision, commit, folder, files, bytes, new_bytes: newBytes, note }
}
