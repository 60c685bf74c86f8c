/** What tables and the page of drop statistics both read off the record: names, the figures of a layer, notes. Pure. */
import type {
  ClassFigures,
  ClassRecord,
  DropStatsRecord,
  ShareFigure,
  StatsRun,
} from '../record/drops/stats-schema.js'
import { suiteFootprint } from '../record/footprint.js'
import type { DimensionName } from '../record/names.js'
import { describePolicy, describeSparsity } from './drops-words.js'
import { formatCount } from './format.js'
import { describeAdapter, describeKv, describeModel } from './notes.js'
import type { Note } from './sheet.js'

export const DIMENSION_TITLES: Readonly<Record<DimensionName, string>> = {
  all: 'Age',
  kind: 'Kind',
  part_of_speech: 'Part of speech',
  place_in_word: 'Place in word',
  position: 'Position in the window',
}

/** An eighth of the window, or the nearest below. */
export const usualAge = ({ ctx, ages }: DropStatsRecord): number =>
  ages.findLast((age) => 8 * age <= ctx) ?? ages[0]

/** Short names of the runs, each its own: what differs of them. */
export function runNames({ runs }: DropStatsRecord): string[] {
  const ids = runs.map(({ model }) => model.id.split('/').at(-1) ?? model.id)
  return ids.map((id, i) => (ids.indexOf(id) === ids.lastIndexOf(id) ? id : `${id} ${i + 1}`))
}

export const figuresOf = ({ mean, layers }: ClassRecord, layer: number | undefined): ClassFigures =>
  layer === undefined ? mean : layers[layer]

export function atAge({ ages }: ClassFigures, i: number): ShareFigure {
  return { of: ages.of[i], count: ages.count[i], share: ages.share[i], low: ages.low[i], high: ages.high[i] }
}

export function notesOf(record: DropStatsRecord): Note[] {
  const { runs, text, ctx, tagger, environment } = record
  const names = runNames(record)
  const ofRun = (run: StatsRun, i: number): Note[] => {
    const label = names.length === 1 ? '' : `${names[i]} `
    return [
      [`${label}Model`.trim(), describeModel(run.model)],
      ['Policy', describePolicy(run)],
      ['Sparsity', describeSparsity(run)],
      ['KV', describeKv(suiteFootprint(run.sparsity), run.sparsity, 'windows')],
      [
        'Windows',
        `${formatCount(run.windows)} of ${formatCount(ctx)} tokens: ${formatCount(run.tokens)} tokens`,
      ],
    ]
  }
  const sources = text.sources.map(({ kind, source }) =>
    kind === 'sample' ? `bundled sample, ${source}` : source,
  )
  return [
    ['Text', sources.join(', ')],
    ...runs.flatMap(ofRun),
    ['Tagger', `${tagger.name} ${tagger.version}, ${tagger.model} ${tagger.model_version}`],
    ['Adapter', describeAdapter(environment)],
  ]
}
