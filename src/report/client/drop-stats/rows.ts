/** The record's figures as rows: a class of one checkpoint, at the layer and age that the reader has chosen. Pure. */
import type {
  ClassFigures,
  ClassRecord,
  DropStatsRecord,
  ShareFigure,
} from '../../../record/drops/stats-schema.js'
import type { DimensionName } from '../../../record/names.js'
import { atAge, figuresOf, runNames } from '../../drop-stats-figures.js'

export interface Choice {
  /** Null: all of them together. */
  layer: number | null
  /** Index into the record's ages. */
  age: number
}

/** A class at an age, and as a killer. */
export interface ClassRow
  extends Pick<ClassRecord, 'name' | 'tokens' | 'share'>,
    Pick<ClassFigures, 'end' | 'kills'> {
  run: string
  alive: ShareFigure
  /** Tokens that grow as old as is looked at. */
  aged: number
}

export interface AgeRow {
  run: string
  name: string
  age: number
  alive: ShareFigure
  /** Tokens that grow so old; `alive.of` counts them once a layer where layers are taken together. */
  aged: number
}

export const classRows = (
  record: DropStatsRecord,
  dimension: DimensionName,
  { layer, age }: Choice,
): ClassRow[] =>
  eachClass(record, dimension, layer, ({ name, tokens, share, layers }, found, run) => {
    const aged = atAge(layers[0], age).of
    return [{ run, name, tokens, share, alive: atAge(found, age), aged, end: found.end, kills: found.kills }]
  })

export const ageRows = (record: DropStatsRecord, dimension: DimensionName, layer: number | null): AgeRow[] =>
  eachClass(record, dimension, layer, ({ name, layers }, found, run) =>
    record.ages.map((age, i) => ({
      run,
      name,
      age,
      alive: atAge(found, i),
      aged: atAge(layers[0], i).of,
    })),
  )

function eachClass<Row>(
  record: DropStatsRecord,
  dimension: DimensionName,
  layer: number | null,
  rows: (one: ClassRecord, found: ClassFigures, run: string) => Row[],
): Row[] {
  const names = runNames(record)
  return record.runs.flatMap(({ dimensions, model }, i) => {
    // A checkpoint that has no such layer has no figures of it.
    if (layer !== null && layer >= model.config.n_layer) return []
    const classes = dimensions.find(({ name }) => name === dimension)?.classes ?? []
    return classes.flatMap((one) => rows(one, figuresOf(one, layer ?? undefined), names[i]))
  })
}
