/** The figures that other tools are to follow over time: one flat list of records of any kind. Pure. */
import { figuresOf } from '../figures/figures.js'
import { SubjectNames } from '../figures/names.js'
import type { Subject } from '../figures/rows.js'
import type { LoadedRecord } from '../reported-record.js'

export interface ExportedFigure {
  /** What was measured, on what, by whom: `hellaswag, asp-recall, adaptive at 0.8`. */
  name: string
  /** `acc_norm`, `tokens_per_s`. */
  measure: string
  unit: string
  value: number
  /** Of a 95 % interval, or the range of few rounds; null where there is none. */
  low: number | null
  high: number | null
  higherIsBetter: boolean
  /** File it was read from. */
  file: string
}

/** Of what is not called by its unit. */
const UNITS: Readonly<Record<string, string>> = {
  acc: 'share',
  acc_norm: 'share',
  exact_match: 'share',
  margin: 'nats',
}

/** Of records of asp eval, ppl, bench and sweep; a figure that is in several is that of the last. */
export function exportedFigures(loaded: readonly LoadedRecord[]): ExportedFigure[] {
  const figures = figuresOf(loaded)
  const names = new SubjectNames(figures)
  const named = (what: string, { record, ...row }: Subject & { record: number }) => ({
    name: [what, ...(names.several ? [] : [row.checkpoint]), names.full(row)].join(', '),
    file: loaded[record].file,
  })
  const quality = figures.quality
    .filter(({ complete }) => complete)
    .map(({ task, metric: measure, value, low, high, higherIsBetter, shots, ...row }) => {
      const what = shots === null || shots === 0 ? task : `${task} (${shots}-shot)`
      const unit = UNITS[measure] ?? measure
      return { ...named(what, row), measure, unit, value, low, high, higherIsBetter }
    })
  const losses = figures.losses.flatMap(({ perplexity: value, low, high, ...row }) => {
    if (value === null || row.alpha !== null) return []
    const what = `${row.text}, ctx ${row.ctx}`
    const measure = 'perplexity'
    return [{ ...named(what, row), measure, unit: measure, value, low, high, higherIsBetter: false }]
  })
  const speeds = figures.speeds.flatMap(({ tokensPerSecond, low, high, speedup, liveBytes, ...row }) => {
    const batch = row.batch === null || row.batch === 1 ? [] : [`batch ${row.batch}`]
    const of = named([row.test, `ctx ${row.ctx}`, row.setting, ...batch].join(', '), row)
    const alone = { low: null, high: null }
    const rate = { measure: 'tokens_per_s', unit: 'tokens/s', value: tokensPerSecond, low, high }
    return [
      { ...of, ...rate, higherIsBetter: true },
      ...(speedup === null
        ? []
        : [{ ...of, ...alone, measure: 'speedup', unit: 'x', value: speedup, higherIsBetter: true }]),
      ...(liveBytes === null
        ? []
        : [
            {
              ...of,
              ...alone,
              measure: 'cache_bytes',
              unit: 'bytes',
              value: liveBytes,
              higherIsBetter: false,
            },
          ]),
    ]
  })
  const all = [...quality, ...losses, ...speeds].filter(({ value }) => Number.isFinite(value))
  return [...new Map(all.map((one) => [JSON.stringify([one.name, one.measure]), one])).values()]
}
