/** `asp train`: a small GPT-2 from random weights, by a file of options; otherwise what `asp finetune` does. */
import { Flags } from '@oclif/core'
import { AspCommand } from '../cli/base-command.js'
import * as shared from '../cli/flags.js'
import { runTrainCommand } from '../cli/train-command.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import { DEFAULT_MODEL } from '../data/bundled.js'
import type { TrainEstimate } from '../record/train/estimate.js'
import type { TrainRecord } from '../record/train/schema.js'
import { readOptionsFile } from '../train/options-file.js'

export default class Train extends AspCommand {
  static override summary = 'Train a small GPT-2 from random weights'
  static override description =
    'The file holds the sizes of the model and, as keys with _ for -, the options of asp finetune; docs/finetune.md has an ' +
    'example. The model is dense, unless gamma is given: then it drops context from the start. The tokenizer is that of a ' +
    `checkpoint, gpt2 (nothing is fetched) or ${DEFAULT_MODEL}. --resume starts from the last checkpoint in the folder that the file names.`
  static override examples = [
    '<%= config.bin %> train --config tiny.json',
    '<%= config.bin %> train --config tiny.json --resume',
  ]
  static override flags = {
    config: Flags.string({ summary: 'JSON file of options', helpValue: '<file>', required: true }),
    resume: shared.resume,
    ...shared.deviceFlags,
    tuning: tuningFlag,
    'dry-run': shared.dryRun,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<TrainRecord[] | TrainEstimate> {
    const { flags } = await this.parse(Train)
    return runTrainCommand({
      options: (note) => readOptionsFile(flags.config, flags.resume, note),
      quiet: flags.quiet,
      dryRun: flags['dry-run'],
      openDevice: async () => tunedDevice(await this.openDevice(flags), flags.tuning),
      sheet: this.sheetOptions(flags['output-format']),
      print: (text) => this.log(text),
    })
  }
}
