/** `asp drops`: which token a layer dropped when, and which later token it was that killed it. */
import { Args, type Interfaces } from '@oclif/core'
import { attended } from '../cli/attended.js'
import { AspCommand, commandLine, together } from '../cli/base-command.js'
import { usually } from '../cli/flag-kinds.js'
import * as shared from '../cli/flags.js'
import { drops, type Output } from '../drops/drops.js'
import type { DropsOptions } from '../drops/options.js'
import { prepareDrops } from '../drops/prepare.js'
import { runDrops } from '../drops/run.js'
import { Failure } from '../errors.js'
import type { DropsRecord } from '../record/drops/schema.js'
import { formatRecord } from '../record/io/store.js'
import { DROPS_SCHEMA } from '../record/kinds.js'
import { DROPS_DRAWING, dropsSvg } from '../report/drops-svg.js'
import { type DropsView, renderDropsText } from '../report/drops-terminal.js'
import { terminalShading } from '../report/generate-drops.js'
import { PAGE } from '../report/page.js'
import { dropsPage } from '../report/pages.js'
import { recordKind } from '../run/existing.js'

/** What --output writes, by the ending of the file. */
const FORMS: Output<DropsRecord>['forms'] = {
  '.html': { render: dropsPage, kind: PAGE, isView: true },
  '.svg': { render: dropsSvg, kind: DROPS_DRAWING, isView: true },
  '.json': { render: formatRecord, kind: recordKind(DROPS_SCHEMA), isView: false },
}

export default class Drops extends AspCommand {
  static override summary = 'Show which tokens of a text were dropped, when, and by which later token'
  static override description =
    'Shows for every layer and token how long the token was kept and which later token dropped it. The text is an argument, a ' +
    "file, standard input (-), or a suite's item with its right choice. --output writes a file as well: .html, .svg or .json. docs/drops.md defines every figure."
  static override examples = together([
    "<%= config.bin %> drops 'Once upon a time, there was a king. He had three sons.' --sparsity 0.8",
    '<%= config.bin %> drops hellaswag:0 --sparsity 0.8 --layer 3',
    '<%= config.bin %> drops story.txt --limit 256 --output drops.html',
  ])
  static override args = {
    text: Args.string({
      description: "a text in quotes, a file, - for standard input, or a suite's item such as hellaswag:0",
      ignoreStdin: true,
    }),
  }
  static override flags = {
    layer: shared.layer,
    limit: shared.limit({ helpValue: '<tokens>', ...usually('what the model takes') }),
    data: shared.data(),
    'strict-data': shared.strictData,
    seed: shared.seed({ default: shared.CALIBRATION_SEED }),
    policy: shared.policy(),
    sparsity: shared.sparsity(usually("the checkpoint's own")),
    shift: shared.shift(),
    size: shared.size(),
    ...shared.modelFlags,
    output: shared.output(),
    overwrite: shared.overwrite,
    quiet: shared.quiet,
  }

  async run(): Promise<DropsRecord> {
    const { args, flags } = await this.parse(Drops)
    return attended({ ...flags, nothing: 'nothing was shown yet' }, async (watch) => {
      const { progress, signal, onProgress, note } = watch
      progress.start('Reading checkpoint and text')
      const stdin = process.stdin.isTTY ? null : process.stdin
      const record = await drops(
        { file: flags.output, overwrite: flags.overwrite, forms: FORMS },
        {
          prepare: () => prepareDrops(optionsOf(args.text, flags), stdin, watch),
          run: (prepared, device, context) => {
            const about = { ...context, command: commandLine() }
            return watch.orStop(runDrops(prepared, device, about, { signal, onProgress }))
          },
        },
        {
          ...this.runHooks(watch, flags, ''),
          onRunning: undefined,
          onPrepared: ({ checkpoint }) => checkLayer(flags.layer, checkpoint.config.nLayer),
        },
      )
      progress.stop()
      this.logColoured(renderDropsText(record, viewOf(process, flags.layer)))
      if (flags.output !== undefined) note(`Written: ${flags.output}`)
      return record
    })
  }
}

function optionsOf(
  input: string | undefined,
  flags: Interfaces.InferredFlags<typeof Drops.flags>,
): DropsOptions {
  const { data, limit, model, revision, dtype, policy, sparsity, shift, size, seed } = flags
  return { input, data, limit, model, revision, dtype, policy, sparsity, shift, size, seed }
}

function checkLayer(layer: number | undefined, layers: number): void {
  if (layer === undefined || (layer >= 0 && layer < layers)) return
  throw new Failure(`--layer: must be from 0 to ${layers - 1}, got ${layer}`, { hint: 'layers count from 0' })
}

const PLAIN_COLUMNS = 100

function viewOf({ stdout, env }: NodeJS.Process, layer: number | undefined): DropsView {
  const terminal = stdout.isTTY && env.TERM !== 'dumb'
  const columns = terminal ? stdout.columns || 80 : Number(env.COLUMNS) || PLAIN_COLUMNS
  return { shading: terminal ? terminalShading(env.NO_COLOR, env.COLORFGBG) : 'plain', columns, layer }
}
