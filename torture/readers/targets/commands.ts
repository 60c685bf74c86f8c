/** Whole commands on damaged files: what a person sees of them, and the exit code that a script gets. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../../src/errors.js'
import { asp } from '../../../test/commands/asp.js'
import { logText } from '../../../test/record/train-fixture.js'
import { RECORDS } from '../../../test/report/records-fixture.js'
import { faultOfLine } from '../judge.js'
import type { Form } from '../mutate.js'
import type { Case, Reading, Target } from '../target.js'
import { shardFiles } from './logs.js'

const MODEL = fileURLToPath(new URL('../../../models/asp-tiny/', import.meta.url))
const MODEL_FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']
const model = (): Record<string, Buffer> =>
  Object.fromEntries(MODEL_FILES.map((name) => [`m/${name}`, readFileSync(join(MODEL, name))]))

const suite = readFileSync(new URL('../../../suites/piqa.json', import.meta.url), 'utf8')
const rows = readFileSync(new URL('../../../test/fixtures/suites/rows/piqa.jsonl', import.meta.url), 'utf8')
const ownSuite = JSON.stringify({
  name: 'own',
  dataset: { path: 'rows.jsonl', columns: JSON.parse(suite).dataset.columns },
  output: 'multiple_choice',
  context: 'Question: {goal}\nAnswer:',
  choices: ['{sol1}', '{sol2}'],
  gold: '{label}',
  metrics: ['acc', 'acc_norm'],
})
const story = `${'Once upon a time there was a king. '.repeat(60)}\n`

type Files = Case['files']

/** A command line, the files that it reads, which of them is changed, and the exit codes that it may have. */
interface Command {
  argv: string
  files(): Files | Promise<Files>
  changed: string
  form: Form
  exits?: readonly number[]
  /** What goes to a file or a pipe is text of the person's own, as it is. */
  isVerbatim?: boolean
}

const record = (name: keyof typeof RECORDS): string => JSON.stringify(RECORDS[name])
const quiet = '--device cpu --threads 1 --quiet'

const COMMANDS: readonly Command[] = [
  {
    argv: 'report sweep.json -o page.html --plots',
    files: () => ({ 'sweep.json': record('sweep.json') }),
    changed: 'sweep.json',
    form: 'json',
  },
  {
    argv: 'report log.jsonl -o page.html',
    files: () => ({ 'log.jsonl': logText(RECORDS['train-log.jsonl']) }),
    changed: 'log.jsonl',
    form: 'jsonl',
  },
  {
    argv: 'report bench.json --export github-benchmark -o .',
    files: () => ({ 'bench.json': record('bench.json') }),
    changed: 'bench.json',
    form: 'json',
  },
  {
    argv: 'compare a.json b.json --strict',
    files: () => ({ 'a.json': record('adaptive.json'), 'b.json': record('adaptive.json') }),
    changed: 'b.json',
    form: 'json',
    exits: [0, 1, 2, 3, 4],
  },
  {
    argv: 'merge 1.json 2.json -o whole.json',
    files: shardFiles,
    changed: '1.samples.copa.jsonl',
    form: 'jsonl',
  },
  { argv: 'merge 1.json 2.json -o whole.json', files: shardFiles, changed: '1.json', form: 'json' },
  {
    argv: `eval copa piqa --data sample --limit 6 --shard 1/2 ${quiet} -o 1.json --resume`,
    files: shardFiles,
    changed: '1.samples.piqa.jsonl',
    form: 'jsonl',
  },
  {
    argv: `eval copa piqa --data sample --limit 6 --shard 1/2 ${quiet} -o 1.json --resume`,
    files: shardFiles,
    changed: '1.json',
    form: 'json',
  },
  {
    argv: `eval ./own.json --limit 2 ${quiet} -o own-run.json`,
    files: () => ({ 'own.json': ownSuite, 'rows.jsonl': rows }),
    changed: 'own.json',
    form: 'json',
  },
  {
    argv: `eval piqa --data rows.jsonl --limit 2 ${quiet} -o run.json`,
    files: () => ({ 'rows.jsonl': rows }),
    changed: 'rows.jsonl',
    form: 'jsonl',
  },
  ...(['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const).map(
    (name): Command => ({
      argv: `eval copa --model m --data sample --limit 1 ${quiet} -o run.json`,
      files: model,
      changed: `m/${name}`,
      form: 'json',
    }),
  ),
  {
    argv: `ppl story.txt --model m --ctx 64 --limit 256 ${quiet} -o run.json`,
    files: () => ({ ...model(), 'story.txt': story }),
    changed: 'm/model.safetensors',
    form: 'safetensors',
    // Weights that are not finite give no figures: the run says so and fails.
    exits: [0, 1, 2],
  },
  {
    argv: `ppl story.txt --ctx 64 --limit 256 ${quiet} -o run.json`,
    files: () => ({ 'story.txt': story }),
    changed: 'story.txt',
    form: 'text',
  },
  {
    argv: `drops story.txt --limit 64 ${quiet} -o drops.json`,
    files: () => ({ 'story.txt': story }),
    changed: 'story.txt',
    form: 'text',
  },
  {
    argv: `generate --file prompts.jsonl --max-tokens 4 ${quiet}`,
    files: () => ({ 'prompts.jsonl': '{"prompt":"Once"}\n{"prompt":"Twice upon"}\n' }),
    changed: 'prompts.jsonl',
    form: 'jsonl',
    isVerbatim: true,
  },
  {
    argv: 'tasks check ./own.json --quiet',
    files: () => ({ 'own.json': suite }),
    changed: 'own.json',
    form: 'json',
    exits: [0, 1, 2],
  },
]

/** @param isVerbatim standard output is not looked at */
async function outcome(
  argv: readonly string[],
  folder: string,
  exits: readonly number[],
  isVerbatim: boolean,
): Promise<Reading> {
  const { status, stdout, stderr } = await asp(folder, argv, { COLUMNS: '100' })
  if (status === null) throw new Error('no end within two minutes')
  if (!exits.includes(status)) throw new Error(`exit code ${status}: ${stderr.trim().slice(-300)}`)
  const lines = stderr.split('\n').filter((line) => line.startsWith('error: '))
  if (status === 2 && lines.length !== 1)
    throw new Error(`${lines.length} error lines: ${stderr.slice(-300)}`)
  for (const line of lines) {
    const fault = line.startsWith('error: unexpected') ? line : faultOfLine(line)
    if (fault !== null) throw new Error(fault)
  }
  // As every other reader says that it refuses a file.
  if (status === 2) throw new Failure(lines[0])
  // An error may name what was not finite.
  const notes = stderr.split('\n').filter((line) => !line.startsWith('error: '))
  return { shown: [...notes, ...(isVerbatim ? [] : [stdout])] }
}

/** Lines of words that a command takes, one of which is changed; nothing among them says where to write. */
const LINES: Readonly<Record<string, { argv: string; files: Files; exits?: readonly number[] }>> = {
  compare: {
    argv: 'compare a.json b.json --margin acc=0.01 --significance 0.05 --flips 3 --metrics acc,acc_norm',
    files: { 'a.json': record('adaptive.json'), 'b.json': record('adaptive.json') },
    exits: [0, 1, 2, 3, 4],
  },
  report: {
    argv: 'report a.json b.json --plots',
    files: { 'a.json': record('ppl.json'), 'b.json': record('bench.json') },
  },
  ppl: {
    argv: `ppl story.txt --ctx 64 --limit 128 --sparsity 0.5 --seed 7 --dtype f32 ${quiet}`,
    files: { 'story.txt': story },
  },
  eval: {
    argv: `eval copa --data sample --limit 2 --policy h2o --sparsity 0.5 --num-fewshot 0 --dtype f32 ${quiet}`,
    files: {},
  },
}

const typed: readonly Target[] = Object.entries(LINES).map(([name, { argv, files, exits }]) => ({
  name: `commands: asp ${name}, as it is typed`,
  row: 'commands: as they are typed',
  lenient: true,
  cases: () => [{ files: { ...files, typed: argv.split(' ').join('\n') }, changed: 'typed', form: 'text' }],
  async read(folder) {
    const words = readFileSync(join(folder, 'typed'), 'utf8').split('\n')
    // No system lets these into a command line.
    const line = words.filter((word) => !word.includes('\0'))
    // What begins with another word is another command.
    return line[0] === name ? outcome(line, folder, exits ?? [0, 2], false) : undefined
  },
}))

const changed: readonly Target[] = COMMANDS.map((command) => ({
  name: `commands: asp ${command.argv.split(' ', 1)}, ${command.changed}`,
  row: 'commands: on damaged files',
  cases: async () => [{ files: await command.files(), changed: command.changed, form: command.form }],
  lenient: true,
  read: (folder) =>
    outcome(command.argv.split(' '), folder, command.exits ?? [0, 2], command.isVerbatim === true),
}))

export const COMMANDS_TRIED: readonly Target[] = [...changed, ...typed]
