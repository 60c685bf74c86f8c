/** What weight files are called, in a folder and in a repository of the Hub, whichever is searched. */

export interface WeightNames {
  /** Name of a file that is a model by itself. */
  single: RegExp
  /** Of an index of shards, and of what it names. */
  sharded?: { index: string; shard: RegExp; ending: string }
  /** Says itself, or with what asp knows of its kind, what config.json and the tokenizer would. */
  isSelfContained: boolean
}

/** The best first: a folder or a repository that has several kinds is the first of them. */
export const WEIGHT_NAMES = {
  safetensors: {
    single: /^model\.safetensors$/,
    sharded: {
      index: 'model.safetensors.index.json',
      shard: /^model-\d+-of-\d+\.safetensors$/,
      ending: '.safetensors',
    },
    isSelfContained: false,
  },
  pytorch: {
    single: /^pytorch_model\.bin$/,
    sharded: {
      index: 'pytorch_model.bin.index.json',
      shard: /^pytorch_model-\d+-of-\d+\.bin$/,
      ending: '.bin',
    },
    isSelfContained: false,
  },
  nanogpt: { single: /^ckpt\.pt$/, isSelfContained: true },
  'llm.c': { single: /^(model_\d+|gpt[23]_.*[BM](_bf16)?)\.bin$/, isSelfContained: true },
  gguf: { single: /\.gguf$/, isSelfContained: true },
} as const satisfies Record<string, WeightNames>

/** As records name them. */
export type WeightKind = keyof typeof WEIGHT_NAMES

/** The first kind that is there. */
export function bestKind(names: readonly string[]): { kind: WeightKind; names: WeightNames } | undefined {
  for (const [kind, one] of Object.entries<WeightNames>(WEIGHT_NAMES))
    if (names.some((name) => one.single.test(name) || name === one.sharded?.index))
      return { kind: kind as WeightKind, names: one }
  return undefined
}

/** Whether a name is one of a kind's: the file, the index or a shard. */
export const isOfKind = ({ single, sharded }: WeightNames, name: string): boolean =>
  single.test(name) || name === sharded?.index || sharded?.shard.test(name) === true

/** Weights by their ending, whatever they are called, but for what trainers save beside them. */
export const mayBeWeights = (name: string): boolean =>
  /\.(safetensors|bin|pt|pth|ckpt|gguf)$/.test(name) &&
  !/^(training_args|optimizer|scheduler|scaler|rng_state)/.test(name)
