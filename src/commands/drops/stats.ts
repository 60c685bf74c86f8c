/** `asp drops stats`: which kinds of tokens survive how long over windows of a text, and which kinds kill them. */
import { Args } from '@oclif/core'
import { attended } from '../../cli/attended.js'
import { AspCommand, commandLine, together } from '../../cli/base-command.js'
import { usually, whole } from '../../cli/flag-kinds.js'
import * as shared from '../../cli/flags.js'
import { DEFAULT_MODEL } from '../../data/bundled.js'
import { drops, type Output } from '../../drops/drops.js'
import type { StatsOptions } from '../../drops/options.js'
import { type PreparedStats, prepareStats } from '../../drops/prepare-stats.js'
import { agesOf, runStats } from '../../drops/run-stats.js'
import { Failure } from '../../errors.js'
import type { DropStatsRecord } from '../../record/drops/stats-schema.js'
import { formatRecord } from '../../record/io/store.js'
import { DROP_STATS_SCHEMA } from '../../record/kinds.js'
import { renderDropStats } from '../../report/drop-stats-table.js'
import { PAGE } from '../../report/page.js'
import { dropStatsPage } from '../../report/pages.js'
import { recordKind } from '../../run/existing.js'

/** What --output writes, by the ending of the file. */
const FORMS: Output<DropStatsRecord>['forms'] = {
  '.html': { render: dropStatsPage, kind: PAGE, isView: true },
  '.json': { render: formatRecord, kind: recordKind(DROP_STATS_SCHEMA), isView: false },
}

/** Under a minute on two cores without a GPU. */
const DEFAULT_LIMIT = 16_384

export default class DropsStats extends AspCommand {
  static override summary = 'Count which kinds of tokens are dropped, how soon, and by which kinds'
  static override description =
    'Windows of a text are run, and its tokens counted by part of speech, punctuation and stop words, place in the word, position ' +
    'and age. Text comes from files, folders, standard input (-) or a Hub dataset, as for asp ppl; without any, from a bundled ' +
    'sample of books. Several --model stand side by side. --output writes a file as well: .html or .json. docs/drops.md defines every figure.'
  static override examples = together([
    '<%= config.bin %> <%= command.id %> --sparsity 0.8',
    '<%= config.bin %> <%= command.id %> book.txt --ctx 1024 --limit all --layer 3',
    '<%= config.bin %> <%= command.id %> --model runs/gamma-0.1 --model runs/gamma-1 --output stats.json',
  ])
  static override strict = false
  static override args = {
    text: Args.string({
      description: 'files, folders, - or Hub datasets (default: the bundled sample)',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ctx: shared.ctx(usually('512')),
    limit: shared.limitOrAll({ default: DEFAULT_LIMIT }),
    age: whole({
      summary: 'tables show what is alive N tokens later (2, 4, ...)',
      ...usually('an eighth of --ctx'),
    }),
    layer: shared.layer,
    column: shared.column,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    policy: shared.policy(),
    sparsity: shared.sparsity(usually("the checkpoint's own")),
    shift: shared.shift(),
    size: shared.size(),
    ...shared.modelFlags,
    model: shared.model({ multiple: true, multipleNonGreedy: true, ...usually(DEFAULT_MODEL) }),
    output: shared.output(),
    overwrite: shared.overwrite,
    'output-format': shared.tableForm,
    quiet: shared.quiet,
  }

  async run(): Promise<DropStatsRecord> {
    const { argv, flags } = await this.parse(DropsStats)
    const {
      column,
      model: models = [],
      ctx,
      limit,
      revision,
      dtype,
      policy,
      sparsity,
      shift,
      size,
      seed,
    } = flags
    const inputs = argv as string[]
    const options: StatsOptions = {
      inputs,
      column,
      models,
      ctx,
      limit,
      revision,
      dtype,
      policy,
      sparsity,
      shift,
      size,
      seed,
    }
    return attended({ quiet: flags.quiet, nothing: 'nothing was counted yet' }, async (watch) => {
      const { progress, signal, onProgress, note } = watch
      progress.start('Reading checkpoints and text')
      const record = await drops(
        { file: flags.output, overwrite: flags.overwrite, forms: FORMS },
        {
          prepare: () => prepareStats(options, watch),
          run: (prepared, device, context) => {
            const about = { ...context, command: commandLine() }
            return watch.orStop(runStats(prepared, device, about, { signal, onProgress }))
          },
        },
        {
          ...this.runHooks(watch, flags, ''),
          onRunning: undefined,
          onPrepared: (prepared) => checkView(prepared, flags),
        },
      )
      progress.stop()
      const sheet = this.sheetOptions(flags['output-format'])
      this.log(renderDropStats(record, { age: flags.age, layer: flags.layer }, sheet))
      if (flags.output !== undefined) note(`Written: ${flags.output}`)
      return record
    })
  }
}

/** What tables are to show is there. */
function checkView({ ctx, models }: PreparedStats, { age, layer }: { age?: number; layer?: number }): void {
  const ages = agesOf(ctx)
  if (age !== undefined && !ages.includes(age)) {
    throw new Failure(`--age: must be a power of two up to half of --ctx, got ${age}`, {
      hint: `one of ${ages.join(', ')}`,
    })
  }
  const layers = Math.min(...models.map(({ checkpoint }) => checkpoint.config.nLayer))
  if (layer !== undefined && !(layer >= 0 && layer < layers)) {
    throw new Failure(`--layer: must be from 0 to ${layers - 1}, got ${layer}`, {
      hint: 'layers count from 0',
    })
  }
}
