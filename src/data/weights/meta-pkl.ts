/** nanoGPT's `meta.pkl`: a vocabulary of single characters, as of its Shakespeare (data/shakespeare_char/prepare.py), as a tokenizer.json. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.js'
import { exists } from '../files.js'
import type { TokenizerSource } from '../tokenizer/source.js'
import { readStart } from './located.js'
import { unpickle } from './pickle.js'

const NAME = 'meta.pkl'
const MOST_BYTES = 2 ** 22

/** nanoGPT's sample.py begins with it. */
const START = '\n'

/** Null where there is none beside the weights. Failure: it holds anything but characters with their ids. */
export async function charTokenizer(folder: string): Promise<TokenizerSource | null> {
  const file = join(folder, NAME)
  if (!(await exists(file))) return null
  const { size } = await stat(file)
  const { value } = unpickle(await readStart(file, Math.min(size, MOST_BYTES)), { known: new Map() }, file)
  const ids: unknown = value instanceof Map ? value.get('stoi') : undefined
  const entries = ids instanceof Map ? [...ids] : []
  if (
    entries.length === 0 ||
    !entries.every(isEntry) ||
    new Set(entries.map(([, id]) => id)).size < entries.length
  ) {
    throw new Failure(`${file}: must have stoi, an id for each character, got something else`, {
      hint: 'take the one that prepare.py wrote for this checkpoint, or put a tokenizer.json beside the weights',
    })
  }
  return {
    kind: 'file',
    file,
    definition: {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: 'Split', pattern: { Regex: '[\\s\\S]' }, behavior: 'Isolated', invert: false },
      post_processor: null,
      decoder: { type: 'Fuse' },
      // Words of one character; the unknown token is none of them, so that a character without an id is refused.
      model: { type: 'WordLevel', vocab: Object.fromEntries(entries), unk_token: '<unk>' },
    },
    settings: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: ids instanceof Map && ids.has(START) ? START : entries[0][0],
    },
  }
}

const isEntry = (entry: [unknown, unknown]): entry is [string, number] =>
  typeof entry[0] === 'string' &&
  [...entry[0]].length === 1 &&
  Number.isSafeInteger(entry[1]) &&
  Number(entry[1]) >= 0
