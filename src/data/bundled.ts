/** The checkpoints that come with asp, and which of them is meant where none is named. */

/** Of every command but `asp finetune`: drops context by itself, and can look back for what was said earlier. */
export const DEFAULT_MODEL = 'asp-recall'

/** For hints: what has a threshold of its own. */
export const PRUNING_CHECKPOINT = `a checkpoint fine-tuned for pruning such as --model ${DEFAULT_MODEL}`

/** Where `asp finetune` begins: dense, and what the default was made of. */
export const DEFAULT_START = 'asp-recall-dense'

/** In the order in which they are listed. asp-tiny and asp-tiny-dense stay for the tests, whose stored figures are theirs. */
export const BUNDLED_MODELS = [DEFAULT_MODEL, DEFAULT_START, 'asp-tiny', 'asp-tiny-dense'] as const
