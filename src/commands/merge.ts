/** `asp merge`: the records of all shards of a run -> the record a single machine would have written. */
import { Args } from '@oclif/core'
import { attended } from '../cli/attended.js'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import * as shared from '../cli/flags.js'
import { readShard, type ShardPart } from '../eval/merge.js'
import { merge } from '../eval/merge-files.js'
import type { EvalRecord } from '../record/eval/schema.js'
import { renderEval } from '../report/eval-table.js'
import { ifThereOf } from '../run/existing.js'

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
  static override flags = {
    output: shared.record,
    overwrite: shared.overwrite,
    'output-format': shared.tableForm,
  }

  async run(): Promise<EvalRecord> {
    const { argv, flags } = await this.parse(Merge)
    const inputs = argv as string[]
    const parts: ShardPart[] = []
    for (const path of inputs) parts.push(await readShard(path))
    return attended({ quiet: false, nothing: 'nothing was merged' }, async (watch) => {
      const { orStop, onUnwritten, onWait } = watch
      const { record, path } = await merge(parts, {
        output: flags.output,
        ifThere: ifThereOf(flags),
        command: commandLine(),
        orStop,
        onUnwritten,
        onWait,
      })
      const form = flags['output-format']
      this.logTables(renderEval(record, this.sheetOptions(form)), form, watch, [`Record: ${path}`])
      return record
    })
  }
}
