/** `asp convert`: a checkpoint of any kind -> a Hugging Face folder, for asp, transformers and the Hub. */
import { Args } from '@oclif/core'
import { attended } from '../cli/attended.js'
import { AspCommand, together } from '../cli/base-command.js'
import * as shared from '../cli/flags.js'
import { openCheckpoint } from '../data/checkpoint.js'
import { resolveModel } from '../data/model.js'
import { type Published, publish } from '../data/publish.js'
import { RETYPES } from '../data/retype.js'
import { elementBytes } from '../data/safetensors.js'
import type { WeightKind } from '../data/weights/kinds.js'
import { output } from '../report/escape.js'
import { formatBytes } from '../report/format.js'

interface Converted extends Published {
  from: string
  kind: WeightKind
  parameters: number
}

export default class Convert extends AspCommand {
  static override summary = 'Write a checkpoint of any kind as a Hugging Face folder'
  static override description =
    'Reads a folder, a weight file (safetensors, pytorch_model.bin, nanoGPT, llm.c, GGUF) or a model of the Hub, and writes ' +
    'config.json, model.safetensors and the tokenizer, which transformers loads. Weights keep their type, unless --dtype names another; q8_0 becomes f32. ' +
    'docs/models.md says what is read.'
  static override examples = together([
    '<%= config.bin %> convert out/ckpt.pt my-gpt2',
    '<%= config.bin %> convert log124M/model_00018865.bin my-gpt2',
    '<%= config.bin %> convert gpt2 gpt2-half --dtype f16',
  ])
  static override args = {
    in: Args.string({ ignoreStdin: true, description: 'folder, weight file or Hub id', required: true }),
    out: Args.string({ ignoreStdin: true, description: 'folder to make', required: true }),
  }
  static override flags = { revision: shared.revision, dtype: shared.writtenDtype, quiet: shared.quiet }

  async run(): Promise<Converted> {
    const { args, flags } = await this.parse(Convert)
    return attended(flags, async ({ progress, onFetch, signal }) => {
      const model = await resolveModel(args.in, { revision: flags.revision, onProgress: onFetch })
      const checkpoint = await openCheckpoint(model.path, { id: model.id, revision: model.revision })
      const dtype = flags.dtype === 'auto' ? undefined : RETYPES[flags.dtype]
      const size = dtype === undefined ? checkpoint.bytes : checkpoint.parameters * elementBytes(dtype)
      progress.start(`Writing ${args.out}`, size, 'bytes')
      const onProgress = (done: number) => progress.update(done)
      const published = await publish(checkpoint, args.out, { dtype, onProgress, signal })
      progress.succeed()
      progress.stop()
      const { kind, parameters } = checkpoint
      const bytes = formatBytes(published.bytes)
      this.log(
        output(`${model.id} (${kind}) -> ${args.out}: ${published.files.join(', ')}, ${bytes} of weights`),
      )
      return { from: args.in, kind, parameters, ...published }
    })
  }
}
