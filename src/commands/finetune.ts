/** `asp finetune`: a GPT-2 checkpoint learns which tokens of its context to drop. */
import { AspCommand } from '../cli/base-command.js'
import * as shared from '../cli/flags.js'
import { runTrainCommand } from '../cli/train-command.js'
import { optionsIn, trainFlags } from '../cli/train-flags.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import { DEFAULT_START } from '../data/bundled.js'
import type { TrainEstimate } from '../record/train/estimate.js'
import type { TrainRecord } from '../record/train/schema.js'
import { withDefaults } from '../train/options.js'

export default class Finetune extends AspCommand {
  static override summary = 'Fine-tune a GPT-2 checkpoint so that it drops the context it no longer needs'
  static override description =
    'Text comes from files, folders of .txt, .md and .jsonl, standard input (-) or Hub datasets ' +
    '(owner/name[@revision][:[config/]split[/column]]), or is tokens already (.bin); --data may be given several times. The result is a Hugging Face ' +
    'folder that every command takes with --model. Ctrl-C saves and ends; the same command with --resume continues. ' +
    'docs/finetune.md says what each option does to the result.'
  static override examples = [
    '<%= config.bin %> finetune --model gpt2 --data books/ --gamma 0.3 --output gpt2-pruned',
    `<%= config.bin %> finetune --model ${DEFAULT_START} --data books.jsonl.gz --gamma 0.1,0.3,1 --output pruned --ctx 256`,
    '<%= config.bin %> finetune --data books/ --control local:205 --output local --resume',
  ]
  static override flags = {
    ...trainFlags,
    model: shared.model({ default: DEFAULT_START }),
    revision: shared.revision,
    ...shared.deviceFlags,
    tuning: tuningFlag,
    'dry-run': shared.dryRun,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<TrainRecord[] | TrainEstimate> {
    const { flags } = await this.parse(Finetune)
    const { model, revision, quiet } = flags
    return runTrainCommand({
      options: () => withDefaults(optionsIn(flags), { kind: 'checkpoint', model, revision }),
      quiet,
      dryRun: flags['dry-run'],
      openDevice: async () => tunedDevice(await this.openDevice(flags), flags.tuning),
      sheet: this.sheetOptions(flags['output-format']),
      print: (text) => this.log(text),
    })
  }
}
