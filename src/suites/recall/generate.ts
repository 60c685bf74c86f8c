/** A recall task -> rows of its suite: the same for the same tokenizer, filler, grid and seed, on every machine. */
import { sha256Of } from '../../data/files.js'
import type { DataRow } from '../../data/rows.js'
import { readText } from '../../data/text.js'
import { pythonRandom } from '../../stats/python-random.js'
import type { Dataset } from '../dataset.js'
import { mostAlike } from './draws.js'
import { type Filler, makeFiller } from './filler.js'
import { checkGrid, checkLengths, type GridPoint, gridPoints, type RecallGrid } from './grid.js'
import type { AnyWorkshop, Counter, Item } from './item.js'
import {
  RECALL_TASKS,
  type RecallSuite,
  type RecallTask,
  type RecallTaskName,
  recallSuiteName,
} from './tasks.js'

export interface Making {
  grid: RecallGrid
  counter: Counter
  /** The longest input of the model. */
  nPositions: number
}

/** What all suites of a run draw from. */
interface Source {
  name: string
  filler: Filler
  words: string[]
}

/** Rows of any suite; the filler is read once for all of them. */
export function datasetMaker(making: Making): (recall: RecallSuite) => Promise<Dataset> {
  let source: Promise<Source> | undefined
  const read = (): Promise<Source> => {
    source ??= readSource(making)
    return source
  }
  return (recall) => makeDataset(recall, making, read)
}

async function readSource({ grid, counter }: Making): Promise<Source> {
  const { text, sources } = await readText(grid.filler === undefined ? [] : [grid.filler])
  const name = sources[0].source
  const filler = makeFiller(text, name)
  return { name, filler, words: mostAlike({ counter }, filler.vocabulary) }
}

/** Failure: a grid or a filler that no items can be made of. */
export async function makeDataset(
  recall: RecallSuite,
  making: Making,
  read = () => readSource(making),
): Promise<Dataset> {
  const { task, length } = recall
  const grid = { ...making.grid, ...(length === undefined ? {} : { lengths: [length] }) }
  const { nPositions } = making
  checkGrid(grid)
  checkLengths(grid, nPositions)
  const { name, filler, words } = await read()
  const rows = makeRows(task, filler, { ...making, grid }, words)
  return {
    rows,
    origin: {
      kind: 'generated',
      source: recallSuiteName(recall),
      revision: null,
      split: 'generated',
      rows: rows.length,
      total: rows.length,
      sha256: sha256Of(JSON.stringify(rows)),
      note: `generated, seed ${grid.seed}, in ${name}, question ${grid.question}`,
    },
  }
}

export function makeRows(
  task: RecallTaskName,
  filler: Filler,
  { grid, counter, nPositions }: Making,
  words = mostAlike({ counter }, filler.vocabulary),
): DataRow[] {
  const shared = { name: recallSuiteName({ task }), counter, filler, words, question: grid.question }
  const open: Open = (point) => ({
    ...shared,
    length: point.length,
    random: pythonRandom(seedOf(task, grid.seed, point)),
  })
  return itemsOf(RECALL_TASKS[task], gridPoints(grid, nPositions), open).map((item, idx) => ({
    line: idx + 1,
    value: rowOf(idx, item),
  }))
}

type Open = (point: Omit<GridPoint, 'depth'> & { depth?: number }) => AnyWorkshop

/** In the order of the points. What asks about one text at all depths is made at the first of these. */
function itemsOf(task: RecallTask, points: readonly GridPoint[], open: Open): Item[] {
  if ('make' in task) return points.map((point) => task.make({ ...open(point), depth: point.depth }))
  const depths = [...new Set(points.map(({ depth }) => depth))]
  const firsts = points.filter(({ depth }) => depth === depths[0])
  return firsts.flatMap(({ length, nth }) => {
    const items = task.makeAll({ ...open({ length, nth }), depths })
    return items.map((item) => ({ ...item, group: `${length} ${nth}` }))
  })
}

/** As the suite's templates read it. */
function rowOf(idx: number, { contexts, frozenFrom, ...item }: Item): DataRow['value'] {
  const [context, other = ''] = contexts
  return { idx, context, other, ...item, ...(frozenFrom === undefined ? {} : { frozen_from: frozenFrom }) }
}

/** Of one item: another grid has it again, where it has that point. 48 bits. */
function seedOf(task: string, seed: number, { length, depth, nth }: Parameters<Open>[0]): number {
  return Number.parseInt(sha256Of(JSON.stringify([task, seed, length, depth, nth])).slice(0, 12), 16)
}
