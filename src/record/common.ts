/** What records of several kinds have in common, each defined once. */
import * as t from './define.js'
import { GRANULARITIES } from './names.js'

/** What a record begins with. */
export const heading = <const S extends string, const K extends string>(schema: S, kind: K) => ({
  schema: t.literal(schema, 'Name and version of this format.'),
  kind: t.literal(kind, 'What kind of run the record is of.'),
})

export const status = (description: string) => t.oneOf(description, ['complete', 'incomplete'])
/** `incomplete` marks a run that was stopped; its figures are those of what was done so far. */
export type Status = t.Static<ReturnType<typeof status>>

/** The last day that a Date of JavaScript has. */
const LAST_SECOND = 8.64e12

export const moment = (description: string) => t.number(description, { minimum: 0, maximum: LAST_SECOND })

export const date = moment('Start of the run, Unix time in seconds.')

export const command = t.list('The arguments as typed, starting with `asp`.', t.string())

export const dtype = (description: string) => t.oneOf(description, ['f32', 'f16'])
export type Dtype = t.Static<ReturnType<typeof dtype>>

export const modelSource = (description: string) => t.oneOf(description, ['bundled', 'folder', 'hub'])

export const storedDtype = (description: string) => t.oneOf(description, ['f32', 'f16', 'bf16', 'mixed'])

export const AdapterRecord = t.object('The WebGPU adapter the run used.', {
  name: t.text('Device name.'),
  vendor: t.string('As the adapter reports it.'),
  architecture: t.string('As the adapter reports it.'),
  driver: t.string('Driver name and version.'),
  backend: t.string('Graphics interface under WebGPU, such as vulkan.'),
  kind: t.oneOf('Whether a GPU or the CPU computes.', ['hardware', 'software', 'cpu']),
  bundled: t.boolean("The driver came with asp's own dependencies."),
  features: t.list('WebGPU features of the adapter.', t.string()),
})
export type AdapterRecord = t.Static<typeof AdapterRecord>

export const EnvironmentRecord = t.object('Machine and software.', {
  adapter: AdapterRecord,
  dawn: t.text('Version of the webgpu package, which carries Dawn.'),
  node: t.text('Version of Node.'),
  os: t.text('Operating system, kernel and processor architecture.'),
  cpu: t.string('Processor model.'),
  cores: t.count('Processors this process may use.'),
  memory_bytes: t.count('Memory of the machine.'),
  asp_version: t.text('Version of asp-eval.'),
  commit: t.nullable(
    t.string(
      "Of asp's own checkout, with -dirty when tracked files differ; null when installed from a package.",
    ),
  ),
})
export type EnvironmentRecord = t.Static<typeof EnvironmentRecord>

export const TextSourceRecord = t.object('Where a part of the text is from.', {
  kind: t.oneOf('What it was named as; tokens: a shard that was made before.', [
    'sample',
    'file',
    'tokens',
    'stdin',
    'hub',
  ]),
  source: t.text('Path, Hub dataset, - for standard input, or what the sample is.'),
  revision: t.nullable(t.string('Commit of a Hub dataset.')),
  split: t.nullable(t.string('Configuration and split of a Hub dataset.')),
  documents: t.count('Files or rows.'),
  sha256: t.sha256('Of the file as stored; of several, over their own hashes in order.'),
})
export type TextSourceRecord = t.Static<typeof TextSourceRecord>

/** Settings of a model that records of older versions lack. */
export const laterSettings = {
  layer_norm_epsilon: t.optional(t.number('Added to a variance before its root is taken.')),
  activation_function: t.optional(
    t.string("The MLP's activation function, by the first of its names in transformers."),
  ),
  scale_attn_weights: t.optional(
    t.boolean("Whether scores of attention are divided by the root of a head's width."),
  ),
  scale_attn_by_inverse_layer_idx: t.optional(
    t.boolean('Whether they are divided by the number of the layer, from 1, as well.'),
  ),
  propagate_in_depth: t.optional(
    t.nullable(
      t.boolean('A token dropped in a layer is dropped in all later ones; null when nothing is learned.'),
    ),
  ),
  drop_grace: t.optional(t.count('Queries after it that do not drop a token; only where there are any.')),
  drop_method: t.optional(
    t.oneOf(
      'The method that taught it, where it was not adaptive: kvzap and trimkv have gates; selective attends in another way, under `dense` too.',
      ['kvzap', 'trimkv', 'selective'],
    ),
  ),
  drop_window: t.optional(t.count('Of kvzap: positions before a key may die.')),
  drop_threshold: t.optional(t.number('Of kvzap: log of attention below which a key dies.')),
}

/** Of the weights' files, where they are not safetensors. */
export const weightsKind = t.optional(
  t.oneOf('Kind of the weight files; absent for safetensors.', ['pytorch', 'nanogpt', 'llm.c', 'gguf']),
)

/** Of the tokenizer, where its files did not lie beside the weights. */
export const tokenizerSource = t.optional(
  t.oneOf(
    "Where the tokenizer is from: GPT-2's own, which asp has, or a file of the model's (GGUF, meta.pkl); absent where its own files lay beside the weights.",
    ['gpt2', 'file'],
  ),
)

export const ModelRecord = t.object('The checkpoint.', {
  id: t.text('Hub id, folder as given, or name of a bundled checkpoint.'),
  source: modelSource('Where it was read from.'),
  revision: t.nullable(t.string('Hub revision.')),
  sha256: t.sha256('Of the weights, as read from the file or files.'),
  tokenizer_sha256: t.sha256("Of the tokenizer's file or files."),
  padded_rows: t.optional(
    t.count(
      'Last rows of the token table that no token of the tokenizer has; absent where there are none. They count in every softmax and may be the most likely, as in lm-eval.',
    ),
  ),
  parameters: t.count('Number of weights.'),
  bytes: t.count('Size of the stored weights.'),
  dtype: dtype('How the weights were held while scoring.'),
  stored_dtype: storedDtype('How the file holds them.'),
  weights_kind: weightsKind,
  tokenizer_source: tokenizerSource,
  config: t.object('Sizes, named as in config.json.', {
    vocab_size: t.count('V, rows of the token table.'),
    n_positions: t.count('Longest context in tokens.'),
    n_embd: t.count('C, width of the residual stream.'),
    n_layer: t.count('L, number of blocks.'),
    n_head: t.count('H, attention heads.'),
    n_inner: t.count("Width of the MLP's hidden layer."),
    int_n_embd: t.nullable(
      t.count('r, width of the interaction projections; null when the checkpoint has none.'),
    ),
    ...laterSettings,
  }),
})
export type ModelRecord = t.Static<typeof ModelRecord>

export const IdentityParts = t.object(
  'SHA-256 of each thing that must be equal before two runs may be compared request by request.',
  {
    data: t.sha256('The loaded rows.'),
    requests: t.sha256('Token ids of every request.'),
    protocol: t.sha256("The suite files' rules."),
    model: t.sha256('The weights.'),
  },
)
export type IdentityParts = t.Static<typeof IdentityParts>

export const CalibrationRecord = t.object('How the shift was found; null when none was needed.', {
  requested: t.share('The share aimed at.'),
  method: t.text('The search, in words.'),
  seed: t.integer('Seed the sample was drawn with.'),
  requests: t.count('Requests in the sample.'),
  tokens: t.count('Input tokens in the sample.'),
  evaluations: t.list(
    'The shifts tried, in order.',
    t.object('A shift.', {
      shift: t.number('The shift tried.'),
      requests: t.count('Requests it was tried on.'),
      sparsity: t.share('The share it removed.'),
    }),
  ),
  sample_sparsity: t.share('What the chosen shift removes on the sample.'),
  seconds: t.amount('Time the search took.'),
})
export type CalibrationRecord = t.Static<typeof CalibrationRecord>

const found = {
  parameters: t.dictionary(
    'Settings of the policy: propagate_in_depth and grace of `adaptive`, window and threshold of `kvzap`, window of `local`, stride of `strided`, budget of `h2o`, ...',
    t.scalar<number | string | boolean | null>(['number', 'string', 'boolean', 'null']),
  ),
  threshold_shift: t.nullable(
    t.number(
      'Added to the drop score of every layer before its sign is taken; null where no drop score decides.',
    ),
  ),
  calibration: t.nullable(CalibrationRecord),
}

/** Settings of a policy, and how they were found. */
export const FoundPolicy = t.object('How the context was pruned.', found)
export type FoundPolicy = t.Static<typeof FoundPolicy>

export const PolicyRecord = t.object('How the context was pruned.', {
  name: t.string(
    '`dense` removes nothing; `adaptive`, `kvzap`, `trimkv` and `selective` go by what the checkpoint was taught; any other is a policy of a size (docs/policies.md).',
  ),
  ...found,
})
export type PolicyRecord = t.Static<typeof PolicyRecord>

/** Beside every share of pairs removed; records written before have none of them. */
export const kvFields = {
  kv_footprint: t.optional(
    t.nullable(
      t.share(
        'KV footprint (docs/method.md, Footprint): entries of the cache that queries see, their own included, divided by all causal entries, summed over queries, layers and sequences. Null where nothing is dropped for good, as under a soft rule.',
      ),
    ),
  ),
  kv_peak: t.optional(
    t.nullable(
      t.share(
        'Most entries that one query of a sequence sees, all layers together, divided by those its last query would see with nothing dropped; mean over sequences. Null where it is not known.',
      ),
    ),
  ),
  kv_peak_max: t.optional(t.nullable(t.share('Largest such share of any sequence.'))),
}

const sparsity = {
  achieved: t.share('Share of causal pairs removed, mean over layers.'),
  per_layer: t.list('The share in each layer.', t.share()),
  pairs: t.count('Causal (query, key) pairs with key < query, summed over requests.'),
  kept_tokens: t.object('Keys still alive after the last row of each request, summed over requests.', {
    total: t.count('Input tokens: what would be kept without pruning.'),
    per_layer: t.list('Kept in each layer.', t.count()),
  }),
  ...kvFields,
}

export const SparsityRecord = t.object('What pruning removed.', sparsity)
export type SparsityRecord = t.Static<typeof SparsityRecord>

export const RunSparsity = t.object('What pruning removed, over all tasks of the run.', {
  requested: t.nullable(
    t.share("The share requested with --sparsity; null when the checkpoint's own threshold was used."),
  ),
  ...sparsity,
  definition: t.string('The definition of `achieved` in words.'),
})
export type RunSparsity = t.Static<typeof RunSparsity>

export const SizedRecord = t.object(
  'A policy of a size, which is counted so that S_pair is nearest to the requested share at the context length.',
  {
    policy: t.string('Its name, such as local or h2o.'),
    parameter: t.oneOf('What the size is called.', ['window', 'stride', 'budget']),
    size: t.positive('In tokens.'),
    granularity: t.optional(
      t.oneOf('What decides for itself which keys to keep; where it is absent, a layer.', GRANULARITIES),
    ),
  },
)
export type SizedRecord = t.Static<typeof SizedRecord>

export const MemoryRecord = t.object('GPU buffers as the allocation ledger counted them, and the process.', {
  peak_bytes: t.count('Largest sum of live GPU buffers.'),
  weights_bytes: t.count('Largest sum of buffers holding weights.'),
  activations_bytes: t.count('Largest sum of buffers holding activations.'),
  cache_bytes: t.count(
    'Largest sum of buffers holding keys and values kept between steps; scoring needs none.',
  ),
  peak_by_purpose: t.dictionary(
    'Largest sum of each purpose on its own; they need not peak together.',
    t.count(),
  ),
  host_rss_bytes: t.count(
    'Resident memory of the process at the end; holds the GPU buffers too when the adapter is a software one.',
  ),
})
export type MemoryRecord = t.Static<typeof MemoryRecord>
