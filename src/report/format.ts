/** Numbers and units as text, the same in every table; one place so that columns line up and tests can rely on it. */
import type { Statistic } from '../record/eval/schema.js'

/** A metric to four decimals, as lm-eval prints it; "N/A" stays. */
export const formatStatistic = (value: Statistic): string => (value === 'N/A' ? value : value.toFixed(4))

/** To four decimals, or as many as said; nothing where there is no figure. */
export const fixed = (value: number | null | undefined, decimals = 4): string =>
  value === null || value === undefined ? '' : value.toFixed(decimals)

/** `+0.1000`: a difference to four decimals; nothing where there is none. */
export const signed = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : `${value < 0 ? '' : '+'}${value.toFixed(4)}`

/** `1,234,567`: whole, grouped the same on every machine. */
export const formatCount = (count: number): string => Math.round(count).toLocaleString('en-US')

/** `1 test`, `1,200 tests` */
export const plural = (count: number, one: string): string =>
  `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`

/** A share to two decimals (`0.80`), or to more where two would hide the difference from 0 or 1. */
export function formatShare(share: number, decimals = 2): string {
  const text = share.toFixed(decimals)
  const hidden = (Number(text) === 0 && share > 0) || (Number(text) === 1 && share < 1)
  return hidden && decimals < 6 ? formatShare(share, decimals + 1) : text
}

/** `12 %`, `0.4 %`. */
export function formatPercent(share: number): string {
  const percent = share * 100
  return `${percent !== 0 && percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`
}

/** Three significant digits and a binary unit: `9.31 MiB`. */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, 1024, ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'])
}

/** `weights 475 MiB, activations 1.21 GiB`: what there is any of. */
export function formatPurposes(byPurpose: Readonly<Record<string, number>>): string {
  return Object.entries(byPurpose)
    .filter(([, bytes]) => bytes > 0)
    .map(([purpose, bytes]) => `${purpose} ${formatBytes(bytes)}`)
    .join(', ')
}

/** Three significant digits: `4.61 M` parameters. */
export function formatLarge(count: number): string {
  return withUnit(count, 1000, ['', 'K', 'M', 'B', 'T']).trimEnd()
}

/** `0.51 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** A rate with three significant digits, whole and grouped from 100 on: `7.25`, `1,234`. */
export const formatRate = (rate: number): string => (rate >= 99.95 ? formatCount(rate) : digits3(rate))

function withUnit(value: number, base: number, units: readonly string[]): string {
  let scaled = value
  let unit = 0
  // 999.5 would print as 1000 of the smaller unit.
  while (scaled >= base - 0.5 && unit < units.length - 1) {
    scaled /= base
    unit += 1
  }
  return `${unit === 0 ? Math.round(scaled) : digits3(scaled)} ${units[unit]}`
}

/** At least three significant digits, never an exponent. */
const digits3 = (value: number): string => value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)

const two = (n: number): string => String(n).padStart(2, '0')
