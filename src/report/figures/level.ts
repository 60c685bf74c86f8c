/** How much a subject drops, in words: the share it was asked for, or the shift or size that was given. Pure. */
import type { PolicyRecord, SizedRecord } from '../../record/common.js'
import type { DecidedBy, Subject } from './rows.js'

export function decidedBy(shift: number | null, sized: SizedRecord | null): DecidedBy | null {
  if (sized !== null) return { parameter: sized.parameter, value: sized.size }
  return shift === null ? null : { parameter: 'shift', value: shift }
}

/** As records of suites have it. */
export function decidedByPolicy({ threshold_shift, parameters }: PolicyRecord): DecidedBy | null {
  const size = Object.entries(parameters).find(([, value]) => typeof value === 'number')
  return size === undefined
    ? decidedBy(threshold_shift, null)
    : { parameter: size[0], value: Number(size[1]) }
}

type Level = Pick<Subject, 'requested' | 'by'>

/** `0.8`, `shift -0.4`, `window 64`, `own threshold`. */
export function levelName({ requested, by }: Level): string {
  if (requested !== null) return String(requested)
  return by === null || (by.parameter === 'shift' && by.value === 0) ? 'own threshold' : byText(by)
}

/** `shift -0.9464`, `window 64`: digits that were found by search tell nothing more. */
export const byText = ({ parameter, value }: DecidedBy): string => `${parameter} ${Number(value.toFixed(4))}`

/** What was given before what was requested, in either what drops less first: smaller shifts and sizes drop more. */
export const byLevel = (a: Level, b: Level): number =>
  (a.requested ?? -1) - (b.requested ?? -1) || (b.by?.value ?? 0) - (a.by?.value ?? 0)

/** ` at 0.8`, for the end of a name; nothing for the checkpoint's own threshold, and for nothing dropped. */
export function atLevel(level: Level): string {
  const name = levelName(level)
  return name === 'own threshold' ? '' : ` at ${name}`
}
