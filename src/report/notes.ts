/** What the lines under every table say in the same words: the model, the adapter, times and memory. */
import type { EnvironmentRecord, ModelRecord } from '../record/common.js'
import { formatBytes, formatLarge, formatSeconds } from './format.js'

/** `gpt2@607a30d7`: an id or a file with the beginning of its commit, where it has one. */
export const atRevision = (id: string, revision: string | null): string =>
  revision === null ? id : `${id}@${revision.slice(0, 8)}`

export function describeModel(model: ModelRecord): string {
  const { id, source, revision, parameters, dtype, stored_dtype, config } = model
  const from = source === 'bundled' ? ' (bundled)' : ''
  const held = dtype === stored_dtype ? dtype : `${dtype} (stored ${stored_dtype})`
  return `${atRevision(id, revision)}${from}, ${formatLarge(parameters)} parameters, ${config.n_layer} layers, ${held}`
}

export function describeAdapter({ adapter, dawn }: EnvironmentRecord): string {
  const { name, backend, kind, bundled, driver } = adapter
  if (kind === 'cpu') return `${name}, ${kind}; ${driver}`
  return `${name}, ${backend}, ${kind}${bundled ? ', bundled driver' : ''}; Dawn ${dawn}`
}

/** `GPU peak 100 MiB`: the most memory of the device. */
export const describePeak = ({ adapter }: EnvironmentRecord, bytes: number): string =>
  `${adapter.kind === 'cpu' ? 'peak' : 'GPU peak'} ${formatBytes(bytes)}`

/** `19.9 s: load 0.51 s, score 16.0 s` */
export const describeTime = (total: number, parts: Readonly<Record<string, number>>): string =>
  `${formatSeconds(total)}: ${listed(parts, formatSeconds)}`

/** `weights 17.6 MiB, cache 0 bytes` */
export const describeBytes = (parts: Readonly<Record<string, number>>): string => listed(parts, formatBytes)

const listed = (parts: Readonly<Record<string, number>>, format: (value: number) => string): string =>
  Object.entries(parts)
    .map(([name, value]) => `${name} ${format(value)}`)
    .join(', ')
