/** Records -> flat rows (rows.ts), in the order of the records. Pure. */

import type { LoadedRecord, ReportedRecord } from '../reported-record.js'
import { curveRows, speedRows } from './bench-rows.js'
import { comparisonRows } from './compare-rows.js'
import { evalLayerRows, qualityRows } from './eval-rows.js'
import { checkpointNames, type Place } from './place.js'
import { lossRows, positionRows, pplLayerRows } from './ppl-rows.js'
import { recallDistanceRows, recallRows } from './recall-rows.js'
import type { Figures } from './rows.js'
import { joinedTrades, sweepTrades } from './trades.js'
import { runNames } from './train-names.js'
import { logEvaluationRows, stepRows, trainEvaluationRows } from './train-rows.js'

export function figuresOf(loaded: readonly LoadedRecord[]): Figures {
  const names = checkpointNames(loaded)
  const runs = runNames(loaded)
  const figures = loaded.map(({ record }, i) => rowsOf(record, { record: i, prefix: '', names }, runs[i]))
  const all = joined(figures)
  return { ...all, trades: [...joinedTrades(all.quality, all.losses, all.speeds), ...all.trades] }
}

function rowsOf(record: ReportedRecord, place: Place, run: string): Partial<Figures> {
  switch (record.schema) {
    case 'asp.result/1':
      return {
        quality: qualityRows(record, place),
        layers: evalLayerRows(record, place),
        recalls: recallRows(record, place),
        recallDistances: recallDistanceRows(record, place),
      }
    case 'asp.ppl/1':
      return {
        losses: lossRows(record, place),
        positions: positionRows(record, place),
        layers: pplLayerRows(record, place),
      }
    case 'asp.bench/1':
      return { speeds: speedRows(record, place), curves: curveRows(record, place) }
    case 'asp.train/1':
      return { evaluations: trainEvaluationRows(record, place, run) }
    case 'asp.train-log/1':
      return { steps: stepRows(record, place, run), evaluations: logEvaluationRows(record, place, run) }
    case 'asp.compare/1':
      return { comparisons: comparisonRows(record, place) }
    case 'asp.sweep/1': {
      const inside = [
        ...record.cells.map((cell, i) => ({ part: cell.eval, prefix: `cells[${i}].eval.` })),
        { part: record.ppl, prefix: 'ppl.' },
        { part: record.bench, prefix: 'bench.' },
      ]
      const parts = inside.flatMap(({ part, prefix }) =>
        part === null ? [] : [rowsOf(part, { ...place, prefix }, run)],
      )
      return { ...joined(parts), trades: sweepTrades(record, place) }
    }
    default:
      return record satisfies never
  }
}

function joined(parts: readonly Partial<Figures>[]): Figures {
  const all = <Key extends keyof Figures>(key: Key): Figures[Key][number][] =>
    parts.flatMap((part): Figures[Key][number][] => part[key] ?? [])
  return {
    quality: all('quality'),
    losses: all('losses'),
    positions: all('positions'),
    layers: all('layers'),
    recalls: all('recalls'),
    recallDistances: all('recallDistances'),
    speeds: all('speeds'),
    curves: all('curves'),
    steps: all('steps'),
    evaluations: withoutRepeats(all('evaluations')),
    trades: all('trades'),
    comparisons: all('comparisons'),
  }
}

/** A training's record holds the evaluations of its log again. */
function withoutRepeats(rows: Figures['evaluations']): Figures['evaluations'] {
  const seen = new Set<string>()
  return rows.filter(({ run, step, ctx, rule, final }) => {
    const key = JSON.stringify([run, step, ctx, rule, final])
    return !seen.has(key) && seen.add(key)
  })
}
