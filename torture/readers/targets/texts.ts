/** Plain text wherever a command takes it: texts to score, prompts, the text of asp drops, numbers of documents. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readText } from '../../../src/data/text.js'
import { loadTokenizer } from '../../../src/data/tokenizer.js'
import { readInput } from '../../../src/drops/text.js'
import { readPrompts } from '../../../src/generate/prompts.js'
import { parseSamples } from '../../../src/suites/selection.js'
import type { Case, Target } from '../target.js'

const STORY = [
  'Once upon a time there was a king, who had three sons.',
  '',
  'The eldest said: \u201cI shall go\u201d \u2013 and went. \u6771\u4eac \u{1f600}',
  "It wasn't long before the second one, too, had gone.\r",
  '\tThe third stayed at home.',
].join('\n')

const text = (changed: string): Case => ({
  files: { [changed]: STORY, 'other.md': 'More.' },
  changed,
  form: 'text',
})

const TINY = fileURLToPath(new URL('../../../models/asp-tiny/', import.meta.url))
const tokenizer = () => loadTokenizer(TINY, 8192)

export const TEXTS: readonly Target[] = [
  {
    name: 'texts: a file, a folder',
    cases: () => ['story.txt', 'story.md', 'folder/story.txt'].map(text),
    async read(folder, changed) {
      await readText([changed.startsWith('folder/') ? join(folder, 'folder') : join(folder, changed)])
    },
  },
  {
    name: 'texts: prompts',
    cases: () => [
      text('prompts.txt'),
      {
        files: { 'prompts.jsonl': '{"prompt":"Once"}\n{"prompt":"Twice"}\n' },
        changed: 'prompts.jsonl',
        form: 'jsonl',
      },
    ],
    async read(folder, changed) {
      await readPrompts({ file: join(folder, changed), stdin: null })
    },
  },
  {
    name: 'texts: asp drops',
    cases: () => [text('story.txt')],
    async read(folder, changed) {
      await readInput({ input: join(folder, changed), stdin: null }, await tokenizer(), 1024)
    },
  },
  {
    name: 'texts: --samples',
    cases: () => [
      { files: { 'ids.json': '{"piqa": [0, 4, 17], "copa": [3]}' }, changed: 'ids.json', form: 'json' },
    ],
    read(folder, changed) {
      parseSamples(join(folder, changed))
    },
  },
]
