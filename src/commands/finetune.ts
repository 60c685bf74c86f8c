/** `asp finetune`: a GPT-2 checkpoint learns which tokens of its context to drop. */
import { Flags } from '@oclif/core'
import { AspCommand } from '../cli/base-command.js'
import { deviceFlags, quiet } from '../cli/flags.js'
import { runTraining } from '../cli/train-command.js'
import { trainingOptions } from '../cli/train-options.js'
import { tunedDevice, tuningFlag } from '../cli/tuned-device.js'
import { DEFAULT_COLUMN } from '../data/text.js'
import {
  ALPHA_SCHEDULES,
  GAMMA_CONVENTIONS,
  RATE_SCHEDULES,
  type TrainRecord,
} from '../record/train/schema.js'
import { DEFAULTS, RECOMPUTE_MODES, SAVE_DTYPES } from '../train/options.js'

export default class Finetune extends AspCommand {
  static override summary = 'Fine-tune a GPT-2 checkpoint so that it drops the context it no longer needs'
  static override description =
    'Text comes from files, folders of .txt, .md and .jsonl, standard input (-) or Hub datasets ' +
    '(owner/name[@revision][:[config/]split[/column]]); --data may be given several times. The result is a Hugging Face ' +
    'folder that every command takes with --model. Ctrl-C saves and ends; the same command with --resume goes on. ' +
    'docs/finetune.md tells what each option does to the result.'
  static override examples = [
    '<%= config.bin %> finetune --model gpt2 --data books/ --gamma 0.3 --out gpt2-pruned',
    '<%= config.bin %> finetune --model asp-tiny-dense --data books.jsonl.gz --gamma 0.1,0.3,1 --out pruned --ctx 256',
    '<%= config.bin %> finetune --data books/ --control local:205 --out local --resume',
  ]
  static override flags = {
    model: Flags.string({
      description: 'folder, bundled name or Hub id of the checkpoint to begin from',
      char: 'm',
      default: 'asp-tiny-dense',
    }),
    revision: Flags.string({ description: 'branch, tag or commit of a Hub model' }),
    data: Flags.string({ description: 'text to train on', multiple: true, default: [] }),
    'eval-data': Flags.string({
      description: 'text to evaluate on, in place of windows of the training text',
      multiple: true,
      default: [],
    }),
    column: Flags.string({ description: 'field of rows that holds the text', default: DEFAULT_COLUMN }),
    'held-out': Flags.string({
      description: 'windows to evaluate on (default: 16, at most a twentieth of all)',
    }),
    out: Flags.string({
      description: 'folder of the result; of several gammas each has one in it',
      char: 'o',
      required: true,
    }),
    gamma: Flags.string({
      description: `weights of the sparsity loss, a training each (default: ${DEFAULTS.gamma})`,
      helpValue: '0.1,0.3,1',
    }),
    'gamma-convention': Flags.option({
      description: "paper: times the mean over pairs; code: half of that, as the paper's code counts",
      options: GAMMA_CONVENTIONS,
      default: 'paper' as const,
    })(),
    control: Flags.string({
      description: 'train a control instead: dense, local:N (the last N tokens) or strided:N (blocks of N)',
    }),
    steps: Flags.string({ description: 'updates of the weights', default: String(DEFAULTS.steps) }),
    alpha: Flags.option({
      description: 'how alpha of the alpha-sigmoid grows',
      options: ALPHA_SCHEDULES,
      default: DEFAULTS.alpha.schedule,
    })(),
    'alpha-from': Flags.string({
      description: 'alpha at the first step',
      default: String(DEFAULTS.alpha.from),
    }),
    'alpha-to': Flags.string({ description: 'alpha at the end', default: String(DEFAULTS.alpha.to) }),
    'alpha-steps': Flags.string({ description: 'steps from the one to the other (default: all)' }),
    rate: Flags.string({
      description: 'learning rate after the warm-up',
      default: String(DEFAULTS.rate.peak),
    }),
    warmup: Flags.string({ description: 'steps of linear warm-up (default: 8 % of all)' }),
    'rate-schedule': Flags.option({
      description: 'what follows the warm-up',
      options: RATE_SCHEDULES,
      default: DEFAULTS.rate.schedule,
    })(),
    'rate-final': Flags.string({
      description: 'share of the rate at the end of the cosine',
      default: String(DEFAULTS.rate.final),
    }),
    'rate-interaction': Flags.string({
      description: 'learning rate of the interaction weights, which begin from nothing (default: as --rate)',
    }),
    'weight-decay': Flags.string({
      description: 'of AdamW, on matrices only',
      default: String(DEFAULTS.optimiser.weightDecay),
    }),
    clip: Flags.string({
      description: 'largest norm of the gradient, 0 for no limit',
      default: String(DEFAULTS.optimiser.clip),
    }),
    'int-dim': Flags.string({
      description: `width of interaction queries and keys (default: ${DEFAULTS.intDim})`,
    }),
    beta: Flags.string({ description: `what every drop score begins with (default: ${DEFAULTS.beta})` }),
    'propagate-in-depth': Flags.boolean({
      description: 'a token dropped in a layer is dropped in all later ones',
      allowNo: true,
    }),
    freeze: Flags.boolean({ description: 'train the interaction weights only' }),
    distill: Flags.string({
      description: 'share of KL to the dense model in the loss, beside cross-entropy',
      default: '0',
    }),
    'shift-range': Flags.string({
      description:
        'a random threshold shift for every sequence, so that one checkpoint serves many sparsities',
      helpValue: '-1..1',
    }),
    ctx: Flags.string({
      description: "tokens of a sequence (default: all of the model's positions)",
      char: 'c',
    }),
    'batch-tokens': Flags.string({
      description: `tokens of a step (default: about ${DEFAULTS.batchTokens})`,
    }),
    'micro-tokens': Flags.string({ description: 'tokens worked on at a time (default: what fits)' }),
    recompute: Flags.option({
      description: 'compute activations again on the way back, which takes less memory and more time',
      options: RECOMPUTE_MODES,
      default: 'auto' as const,
    })(),
    seed: Flags.string({ description: 'of new weights, order and shifts', default: String(DEFAULTS.seed) }),
    'eval-every': Flags.string({ description: 'steps between evaluations (default: a tenth of all)' }),
    'save-every': Flags.string({ description: 'steps between checkpoints (default: a twentieth of all)' }),
    spike: Flags.string({
      description: 'stop when the smoothed loss stays so many nats above its best; 0 never stops',
      default: String(DEFAULTS.spike),
    }),
    'save-dtype': Flags.option({
      description: 'how the result is kept; auto is as the model it began from',
      options: SAVE_DTYPES,
      default: 'auto' as const,
    })(),
    resume: Flags.boolean({ description: 'go on from the last checkpoint in --out' }),
    push: Flags.string({
      description: 'upload the result to this model repository of the Hub',
      helpValue: 'owner/name',
    }),
    ...deviceFlags,
    tuning: tuningFlag,
    quiet,
  }

  async run(): Promise<TrainRecord[]> {
    const { flags } = await this.parse(Finetune)
    const { model, revision, ...raw } = flags
    return runTraining({
      options: () => trainingOptions(raw, { kind: 'checkpoint', model, revision }),
      quiet: flags.quiet,
      openDevice: async () => tunedDevice(await this.openDevice(flags), flags.tuning),
      print: (text) => this.log(text),
    })
  }
}
