/** `asp merge`: the records of all shards of a run -> the record a single machine would have written. */
import { basename } from 'node:path'
import { Args } from '@oclif/core'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { record as output, tableForm } from '../cli/flags.js'
import { mergeShards, readShard } from '../eval/merge.js'
import { openSampleLog, sampleLogPath } from '../record/eval/samples.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { abandonOutput, prepareOutput, writeRecord } from '../record/io/store.js'
import { renderEval } from '../report/eval-table.js'

export default class Merge extends AspCommand {
  static override summary = 'Join the records of shards into the record of the whole run'
  static override description =
    'Checks that the shards (made by asp eval --shard i/n) are all there, complete, disjoint and of one run, then ' +
    'computes every figure again from their sample logs.'
  static override examples = together(['<%= config.bin %> merge shard-*.json --output run.json'])
  static override strict = false
  static override args = {
    records: Args.string({ description: 'records of all shards', required: true }),
  }
  static override flags = { output, 'output-format': tableForm }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Merge)
    const parts = []
    for (const path of argv as string[]) parts.push(await readShard(path))
    const place = await prepareOutput(
      flags.output,
      `merged-${new Date().toISOString().replaceAll(':', '-')}.json`,
    )
    let written = false
    try {
      const { record, lines } = await mergeShards(parts, commandLine(), (task) =>
        basename(sampleLogPath(place, task)),
      )
      for (const [task, rows] of lines) {
        const log = await openSampleLog(sampleLogPath(place, task))
        await log.append(rows)
        await log.close()
      }
      await writeRecord(place, record)
      written = true
      const form = flags['output-format']
      const note = (text: string): void => this.logToStderr(text)
      this.logTables(renderEval(record, this.sheetOptions(form)), form, { note }, [`Record: ${place.path}`])
      return record
    } finally {
      if (!written) await abandonOutput(place)
    }
  }
}
