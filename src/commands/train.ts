/** `asp train`: a small GPT-2 from random weights, by a file of options; otherwise what `asp finetune` does. */
import { Flags } from '@oclif/core'
import { AspCommand } from '../cli/base-command.js'
import { deviceFlags, quiet } from '../cli/flags.js'
import { runTraining } from '../cli/train-command.js'
import { type RawTraining, trainingOptions } from '../cli/train-options.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import { DEFAULT_COLUMN } from '../data/text.js'
import { Failure } from '../errors.js'
import type { TrainRecord } from '../record/train/schema.js'
import { readTrainConfig } from '../train/config-file.js'
import { DEFAULTS, type TrainingOptions } from '../train/options.js'

export default class Train extends AspCommand {
  static override summary = 'Train a small GPT-2 from random weights'
  static override description =
    'The file holds the sizes of the model and, as keys with _ for -, the options of asp finetune; docs/finetune.md has an ' +
    'example. The model is dense, unless gamma is given: then it drops context from the start. The tokenizer is that of a ' +
    'checkpoint or of asp-tiny.'
  static override examples = [
    '<%= config.bin %> train --config tiny.json',
    '<%= config.bin %> train --config tiny.json --resume',
  ]
  static override flags = {
    config: Flags.string({ description: 'JSON file of options', required: true }),
    resume: Flags.boolean({
      description: 'go on from the last checkpoint in the folder that the file names',
    }),
    ...deviceFlags,
    tuning: tuningFlag,
    quiet,
  }

  async run(): Promise<TrainRecord[]> {
    const { flags } = await this.parse(Train)
    return runTraining({
      options: () => optionsOf(flags.config, flags.resume),
      quiet: flags.quiet,
      openDevice: async () => tunedDevice(await this.openDevice(flags), flags.tuning),
      print: (text) => this.log(text),
    })
  }
}

async function optionsOf(path: string, resume: boolean): Promise<TrainingOptions> {
  const { start, flags } = await readTrainConfig(path)
  if (flags.out === undefined) {
    throw new Failure(`${path}: must name a folder for the result as out, got nothing`, {
      hint: 'for example "out": "my-model"',
    })
  }
  const isDense = flags.gamma === undefined && flags.control === undefined
  const raw = { ...UNSAID, ...(isDense && { control: 'dense' }), ...flags, resume } as RawTraining
  return trainingOptions(raw, start)
}

/** What flags have as their defaults. */
const UNSAID: Omit<RawTraining, 'out' | 'resume'> = {
  data: [],
  'eval-data': [],
  column: DEFAULT_COLUMN,
  'gamma-convention': 'paper',
  steps: String(DEFAULTS.steps),
  alpha: DEFAULTS.alpha.schedule,
  'alpha-from': String(DEFAULTS.alpha.from),
  'alpha-to': String(DEFAULTS.alpha.to),
  rate: String(DEFAULTS.rate.peak),
  'rate-schedule': DEFAULTS.rate.schedule,
  'rate-final': String(DEFAULTS.rate.final),
  'weight-decay': String(DEFAULTS.optimiser.weightDecay),
  clip: String(DEFAULTS.optimiser.clip),
  freeze: false,
  distill: '0',
  recompute: 'auto',
  seed: String(DEFAULTS.seed),
  spike: String(DEFAULTS.spike),
  'save-dtype': 'auto',
}
