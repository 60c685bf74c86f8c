/** nanoGPT's `model_args` in the terms of config.json (model.py of karpathy/nanoGPT). */
import { Failure } from '../../errors.js'
import type { JsonObject } from '../json-file.js'

/** `block_size` is the longest context. The MLP is 4 C wide, layer norms have epsilon 1e-5, the head is the token table. */
const SIZES: Readonly<Record<string, string>> = {
  vocab_size: 'vocab_size',
  block_size: 'n_positions',
  n_embd: 'n_embd',
  n_layer: 'n_layer',
  n_head: 'n_head',
}

/** What does not change the computation, or what the tensors tell: a model without biases has none. */
const IGNORED = ['dropout', 'bias']

/**
 * Its activation is torch's nn.GELU, the exact one; early versions had gelu_new, which the file does not tell.
 * @throws Failure on a setting that nanoGPT does not have: its descendants change the arithmetic with theirs
 */
export function nanoGptConfig(settings: ReadonlyMap<unknown, unknown>, file: string): JsonObject {
  const config: Record<string, unknown> = { model_type: 'gpt2', activation_function: 'gelu' }
  for (const [key, value] of settings) {
    const name = String(plain(key))
    if (Object.hasOwn(SIZES, name)) config[SIZES[name]] = plain(value)
    else if (!IGNORED.includes(name)) {
      throw new Failure(
        `${file}: model_args must be those of nanoGPT, got ${JSON.stringify(name)}: ${JSON.stringify(plain(value))}`,
        {
          hint: 'if it changes nothing of the computation, leave it out of model_args and save the file again',
        },
      )
    }
  }
  return config
}

/** Numbers and the like; what holds other values might hold itself, and goes by its kind. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'object' && value !== null ? 'a list or table' : value
}
