/** `asp merge` without its command: hold the place of the record, merge, write. */
import { basename } from 'node:path'
import { openSampleLog, sampleLogPath } from '../record/eval/samples.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { formatRecord, type OutputTarget, timeName } from '../record/io/store.js'
import { EVAL_SCHEMA } from '../record/kinds.js'
import { checkNotRead, checkThere, type IfThere, recordKind, SAMPLE_LOG } from '../run/existing.js'
import { type FlowHooks, keep } from '../run/flow.js'
import { holdOutput } from '../run/place.js'
import { type Merged, mergeShards, type ShardPart } from './merge.js'

export interface MergeOptions extends Pick<FlowHooks<unknown>, 'orStop' | 'onUnwritten' | 'onWait'> {
  /** A .json file or a folder; `results` when undefined. */
  output: string | undefined
  ifThere: IfThere
  /** The arguments as typed. */
  command: readonly string[]
}

/** @throws Failure where the shards do not fit together, and where what is there is in the way */
export async function merge(
  parts: readonly ShardPart[],
  { output, ifThere, command, orStop, onUnwritten, onWait }: MergeOptions,
): Promise<{ record: EvalRecord; path: string }> {
  if (output !== undefined)
    await checkNotRead(
      output,
      parts.map(({ path }) => path),
    )
  const held = await holdOutput(output, { kind: recordKind(EVAL_SCHEMA), ifThere, onWait })
  let written = false
  try {
    const place = await held.file(`merged-${timeName(new Date())}.json`)
    // What is written from here on is a matter of moments, and is finished.
    const merged = await orStop(mergeShards(parts, command, (task) => basename(sampleLogPath(place, task))))
    for (const task of merged.lines.keys())
      await checkThere(sampleLogPath(place, task), { kind: SAMPLE_LOG, ifThere })
    await writeLogs(place, merged)
    const path = await keep(place.path, formatRecord(merged.record), onUnwritten)
    written = true
    return { record: merged.record, path }
  } finally {
    await held.release(written)
  }
}

async function writeLogs(place: OutputTarget, { lines }: Merged): Promise<void> {
  for (const [task, rows] of lines) {
    const log = await openSampleLog(sampleLogPath(place, task))
    await log.append(rows)
    await log.close()
  }
}
