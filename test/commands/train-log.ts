/** The log of a training that a test compares with another. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Lines after the first, without what differs from run to run. */
export function logLines(run: string): unknown[] {
  const lines = readFileSync(join(run, 'train-log.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.slice(1).map((line) => {
    const { seconds: _s, device_seconds: _d, tokens_per_second: _t, ...rest } = JSON.parse(line)
    return rest
  })
}
