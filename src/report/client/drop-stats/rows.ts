/** The record's figures as rows: a class of one checkpoint, at the layer and age that the reader has chosen. Pure. */
import type { DimensionName, DropStatsRecord, ShareFigure } from '../../../record/drops/stats-schema.js'
import { atAge, figuresOf, runNames } from '../../drop-stats-figures.js'

export interface Choice {
  /** Null: all of them together. */
  layer: number | null
  /** Index into the record's ages. */
  age: number
}

export interface ClassRow {
  run: string
  name: string
  tokens: number
  share: number
  alive: ShareFigure
  end: ShareFigure
  kills: ShareFigure | null
  overBase: number | null
}

export interface AgeRow {
  run: string
  name: string
  age: number
  alive: ShareFigure
}

export function classRows(
  record: DropStatsRecord,
  dimension: DimensionName,
  { layer, age }: Choice,
): ClassRow[] {
  return eachClass(record, dimension, layer, (found, { name, tokens, share }, run) => [
    {
      run,
      name,
      tokens,
      share,
      alive: atAge(found, age),
      end: found.end,
      kills: found.kills,
      overBase: found.kills?.over_base ?? null,
    },
  ])
}

export function ageRows(record: DropStatsRecord, dimension: DimensionName, layer: number | null): AgeRow[] {
  return eachClass(record, dimension, layer, (found, { name }, run) =>
    record.ages.map((age, i) => ({ run, name, age, alive: atAge(found, i) })),
  )
}

type Found = ReturnType<typeof figuresOf>
type Class = DropStatsRecord['runs'][number]['dimensions'][number]['classes'][number]

function eachClass<Row>(
  record: DropStatsRecord,
  dimension: DimensionName,
  layer: number | null,
  rows: (found: Found, one: Class, run: string) => Row[],
): Row[] {
  const names = runNames(record)
  return record.runs.flatMap(({ dimensions, model }, i) => {
    // A checkpoint that has no such layer has no figures of it.
    if (layer !== null && layer >= model.config.n_layer) return []
    const classes = dimensions.find(({ name }) => name === dimension)?.classes ?? []
    return classes.flatMap((one) => rows(figuresOf(one, layer ?? undefined), one, names[i]))
  })
}
