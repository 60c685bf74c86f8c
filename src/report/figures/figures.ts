/** Records -> flat rows (rows.ts), in the order of the records. Pure. */
import type { LoadedRecord } from '../../record/io/any-record.js'
import type { TrainRunOptions } from '../../record/train/schema.js'
import { curveRows, speedRows } from './bench-rows.js'
import { comparisonRows } from './compare-rows.js'
import { evalLayerRows, qualityRows } from './eval-rows.js'
import { checkpointNames, type Place } from './place.js'
import { lossRows, positionRows, pplLayerRows } from './ppl-rows.js'
import type { Figures } from './rows.js'
import { joinedTrades, sweepTrades } from './trades.js'
import { logEvaluationRows, runName, stepRows, trainEvaluationRows } from './train-rows.js'

export function figuresOf(loaded: readonly LoadedRecord[]): Figures {
  const names = checkpointNames(loaded)
  const runs = runNames(loaded)
  const figures = loaded.map((one, record) => rowsOf(one, { record, prefix: '', names }, runs[record]))
  const all = joined(figures)
  return { ...all, trades: [...joinedTrades(all.quality, all.losses, all.speeds), ...all.trades] }
}

function rowsOf({ record }: LoadedRecord, place: Place, run: string): Figures {
  switch (record.schema) {
    case 'asp.result/1':
      return { ...NONE, quality: qualityRows(record, place), layers: evalLayerRows(record, place) }
    case 'asp.ppl/1':
      return {
        ...NONE,
        losses: lossRows(record, place),
        positions: positionRows(record, place),
        layers: pplLayerRows(record, place),
      }
    case 'asp.bench/1':
      return { ...NONE, speeds: speedRows(record, place), curves: curveRows(record, place) }
    case 'asp.train/1':
      return { ...NONE, evaluations: trainEvaluationRows(record, place, run) }
    case 'asp.train-log/1':
      return {
        ...NONE,
        steps: stepRows(record, place, run),
        evaluations: logEvaluationRows(record, place, run),
      }
    case 'asp.compare/1':
      return { ...NONE, comparisons: comparisonRows(record, place) }
    case 'asp.sweep/1': {
      const inside = [
        ...record.cells.map((cell, i) => ({ record: cell.eval, prefix: `cells[${i}].eval.` })),
        { record: record.ppl, prefix: 'ppl.' },
        { record: record.bench, prefix: 'bench.' },
      ]
      const parts = inside.flatMap(({ record: part, prefix }) =>
        part === null ? [] : [rowsOf({ file: '', record: part }, { ...place, prefix }, run)],
      )
      return { ...joined(parts), trades: sweepTrades(record, place) }
    }
    default:
      return record satisfies never
  }
}

const NONE: Figures = {
  quality: [],
  losses: [],
  positions: [],
  layers: [],
  speeds: [],
  curves: [],
  steps: [],
  evaluations: [],
  trades: [],
  comparisons: [],
}

function joined(parts: readonly Figures[]): Figures {
  return {
    quality: parts.flatMap(({ quality }) => quality),
    losses: parts.flatMap(({ losses }) => losses),
    positions: parts.flatMap(({ positions }) => positions),
    layers: parts.flatMap(({ layers }) => layers),
    speeds: parts.flatMap(({ speeds }) => speeds),
    curves: parts.flatMap(({ curves }) => curves),
    steps: parts.flatMap(({ steps }) => steps),
    evaluations: withoutRepeats(parts),
    trades: parts.flatMap(({ trades }) => trades),
    comparisons: parts.flatMap(({ comparisons }) => comparisons),
  }
}

/** A training's record holds the evaluations of its log again. */
function withoutRepeats(parts: readonly Figures[]): Figures['evaluations'] {
  const rows = parts.flatMap(({ evaluations }) => evaluations)
  const seen = new Set<string>()
  return rows.filter(({ run, step, ctx, rule, final }) => {
    const key = JSON.stringify([run, step, ctx, rule, final])
    return !seen.has(key) && seen.add(key)
  })
}

/** By record; a training's record and log have one name, different trainings have different ones. */
function runNames(loaded: readonly LoadedRecord[]): string[] {
  const keys = loaded.map(({ record }) => {
    const run = record.schema === 'asp.train-log/1' ? record.run : record
    return 'options' in run ? JSON.stringify([run.options, run.source.sha256, run.data.sha256]) : ''
  })
  const names = loaded.map(({ record }) => {
    const run = record.schema === 'asp.train-log/1' ? record.run : record
    return 'options' in run ? runName(run.options as TrainRunOptions) : ''
  })
  return names.map((name, i) => {
    const alike = [...new Set(keys.filter((_, other) => names[other] === name))]
    return alike.length < 2 ? name : `${name} (${alike.indexOf(keys[i]) + 1})`
  })
}
