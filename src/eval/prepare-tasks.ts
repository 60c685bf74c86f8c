/** What is scored and with what, whatever is dropped: checked and read once for as many policies as are run over it. */
import type { Checkpoint } from '../data/checkpoint.js'
import { hubSettings } from '../data/hub/settings.js'
import { Failure } from '../errors.js'
import {
  type FetchHooks,
  findModel,
  type ModelOptions,
  type PreparedModel,
  prepareModel,
} from '../run/model.js'
import type { Dataset, ReadOptions } from '../suites/dataset.js'
import { FEWSHOT_SEED } from '../suites/fewshot.js'
import { readShotPool } from '../suites/fewshot-source.js'
import { type Group, selectSuites } from '../suites/groups.js'
import { datasetMaker } from '../suites/recall/generate.js'
import { DEFAULT_GRID, type RecallGrid } from '../suites/recall/grid.js'
import { checkChoice, limitedCount, type SampleIds } from '../suites/selection.js'
import { type Fallback, readDocuments, SAMPLE } from '../suites/source.js'
import type { Suite } from '../suites/suite.js'
import { prepareTask, type Task, type TaskOptions } from '../suites/task.js'
import type { Shard } from './shard.js'

export interface SuiteOptions extends ModelOptions {
  /** Names, paths, globs and groups, as typed. */
  suites: readonly string[]
  data?: string
  limit?: number
  /** Positions in the full split, by suite; not together with `limit`. */
  samples?: SampleIds
  /** Answered examples before each question, drawn by `fewshotSeed`. */
  numFewshot?: number
  /** File or folder the examples are drawn from. */
  fewshotData?: string
  fewshotSeed?: number
  /** Which items recall suites are made of. */
  recall?: RecallGrid
  /** Tokens of a batch at most; undefined suits the adapter. */
  batchTokens?: number
  /** Score only this share of the documents. */
  shard?: Shard
  /** Requests of a batch at most; undefined leaves it to the token limit. */
  batchSize?: number
  seed: number
}

export interface PreparedTasks extends PreparedModel {
  options: SuiteOptions
  /** Groups of suites that were named; all their suites are among the tasks. */
  groups: Group[]
  tasks: Task[]
}

export interface PrepareHooks extends FetchHooks {
  /** Told of each suite whose bundled sample is used because the Hub cannot be reached. */
  onFallback?: (fallback: Fallback) => void
}

/** @param plan what the checkpoint is to do; throws a Failure for what it cannot, before data is fetched */
export async function prepareTasks<Plan>(
  options: SuiteOptions,
  plan: (checkpoint: Checkpoint) => Plan,
  hooks: PrepareHooks = {},
): Promise<{ tasks: PreparedTasks; plan: Plan }> {
  checkNumbers(options)
  const { suites: asked, groups, optional } = selectSuites(options.suites)
  checkChoice(
    options,
    asked.map(({ name }) => name),
  )
  const located = await findModel(options, hooks)
  const planned = plan(located.checkpoint)
  const model = await prepareModel(located, options)
  const { nPositions } = model.checkpoint.config
  const making = { grid: options.recall ?? DEFAULT_GRID, counter: model.tokenizer, nPositions }
  const { suites, datasets } = await readDocuments(asked, {
    data: options.data,
    optional,
    wanted: wantedRows(options),
    make: datasetMaker(making),
    ...hooks,
  })
  const pools = await readPools(suites, datasets, options, hooks)
  const { limit, samples } = options
  const tasks = suites.map((suite, i) =>
    prepareTask(suite, datasets[i], model.tokenizer, nPositions, { limit, samples, shots: pools[i] }),
  )
  // A group whose suites were left out in part has no figure.
  const found = new Set(suites.map(({ name }) => name))
  const whole = groups.filter((group) => group.suites.every((name) => found.has(name)))
  return { tasks: { options, ...model, groups: whole, tasks }, plan: planned }
}

/** Where each suite's few-shot examples are drawn from; undefined for zero-shot. */
async function readPools(
  suites: readonly Suite[],
  datasets: readonly Dataset[],
  { numFewshot = 0, fewshotSeed = FEWSHOT_SEED, fewshotData, data }: SuiteOptions,
  { onFetch }: PrepareHooks,
): Promise<TaskOptions['shots'][]> {
  const settings = hubSettings()
  const pools: TaskOptions['shots'][] = []
  for (const [i, suite] of suites.entries()) {
    if (numFewshot === 0) pools.push(undefined)
    else {
      // Where the documents did not come from the Hub for want of it, only its cache is looked at.
      if (data === undefined && datasets[i].origin.kind === 'sample') settings.offline = true
      const pool = await readShotPool(
        suite,
        datasets[i],
        { fewshotData, data: data === SAMPLE ? undefined : data },
        { settings, onProgress: onFetch },
      )
      pools.push({ count: numFewshot, seed: fewshotSeed, pool })
    }
  }
  return pools
}

/** Examples may be drawn from the whole split, which is then read whole. */
function wantedRows({ limit, numFewshot = 0 }: SuiteOptions): ReadOptions['wanted'] {
  if (limit === undefined || numFewshot > 0) return undefined
  return (total) => limitedCount(limit, total ?? Number.POSITIVE_INFINITY)
}

function checkNumbers({ limit, batchSize, batchTokens, numFewshot = 0 }: SuiteOptions): void {
  if (!(Number.isInteger(numFewshot) && numFewshot >= 0)) {
    throw new Failure(`--num-fewshot: must be a whole number from 0, got ${numFewshot}`, {
      hint: 'leave it out for zero-shot',
    })
  }
  if (limit !== undefined && !(limit > 0 && (limit < 1 || Number.isInteger(limit)))) {
    const must = limit > 0 ? 'a whole number, or a fraction below 1' : 'above 0'
    throw new Failure(`--limit: must be ${must}, got ${limit}`, {
      hint: 'a number of documents, or a fraction such as 0.1',
    })
  }
  for (const [flag, value] of [
    ['--batch-size', batchSize],
    ['--batch-tokens', batchTokens],
  ] as const) {
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue
    throw new Failure(`${flag}: must be a whole number above 0, got ${value}`, {
      hint: 'leave it out to fill batches as suits the adapter',
    })
  }
}
