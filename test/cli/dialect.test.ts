/** The dialect of all commands: a flag has one letter and one meaning wherever it is, and names of the last version still work. */
import { readdirSync } from 'node:fs'
import { type Command, type Interfaces, Parser } from '@oclif/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { oldNames } from '../../src/cli/old-names.js'
import { trainFlags } from '../../src/cli/train-flags.js'
import { asp, workFolder } from '../commands/asp.js'

type Flag = Interfaces.Flag<unknown>
type Flags = Record<string, Flag>

const COMMANDS = new URL('../../src/commands/', import.meta.url)
const files = readdirSync(COMMANDS, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)
const commands = await Promise.all(
  files.map(async (file) => {
    const { default: command } = (await import(new URL(file, COMMANDS).href)) as { default: typeof Command }
    return { id: file.replace(/\.ts$/, ''), flags: { ...command.baseFlags, ...command.flags } as Flags }
  }),
)

interface Declared extends Pick<Flag, 'char' | 'helpGroup' | 'type'> {
  id: string
  name: string
  says: string | undefined
}

const declared = commands.flatMap(({ id, flags }) =>
  Object.entries(flags)
    .filter(([, { hidden }]) => !hidden)
    .map(([name, flag]): Declared => {
      const { char, helpGroup, type, summary, description } = flag
      return { id, name, char, helpGroup, type, says: summary ?? description }
    }),
)

/** Options of a training that are keys of its file too, and mean something else there than in other commands. */
const OF_TRAINING = ['alpha', 'batch-tokens', 'data', 'warmup']
/** A training's own words for what is the same; its table has sections of its own. */
const isTraining = ({ id, name }: Declared): boolean => id === 'finetune' && name in trainFlags

const dialect = suite('the dialect of flags')

dialect('covers every command', () => {
  assert.ok(commands.length >= 17)
  assert.ok(declared.length > 150, `${declared.length} flags`)
})

dialect('one name, one letter, one meaning', () => {
  const meaning = ({ char, helpGroup, type, says }: Declared) => ({ char, helpGroup, type, says })
  for (const flag of declared) {
    const first = declared.find((one) => one.name === flag.name && !isTraining(one)) ?? flag
    const names = `--${flag.name} of ${flag.id} and of ${first.id}`
    if (!isTraining(flag)) assert.equal(meaning(flag), meaning(first), names)
    else if (!OF_TRAINING.includes(flag.name))
      assert.equal([flag.char, flag.type], [first.char, first.type], names)
    assert.ok(flag.says, `--${flag.name} of ${flag.id} says what it is`)
  }
})

dialect('one letter, one flag', () => {
  for (const { id, name, char } of declared) {
    const other = declared.find((one) => one.char !== undefined && one.char === char && one.name !== name)
    assert.is(other, undefined, `-${char}: --${name} of ${id}, --${other?.name} of ${other?.id}`)
  }
})

/** A value each takes, by the name it has now. */
const VALUES: Record<string, string> = {
  'batch-size': '2',
  file: 'prompts.txt',
  'output-format': 'lm-eval',
  significance: '0.1',
  text: 'random',
}
const dashed = (name: string): string => `${name.length === 1 ? '-' : '--'}${name}`
const old = commands.flatMap(({ id, flags }) =>
  Object.entries(flags).flatMap(([name, { aliases = [], charAliases = [] }]) =>
    [...aliases, ...charAliases].map((alias) => ({ id, name, alias: dashed(alias), flags })),
  ),
)
for (const { id, name, alias, flags } of old) {
  dialect(`${id} ${alias} is --${name}, and says so`, async () => {
    const parsed = async (flag: string): Promise<unknown> => {
      const argv = flags[name].type === 'boolean' ? [flag] : [flag, VALUES[name] ?? 'x']
      return (await Parser.parse(argv, { flags })).flags
    }
    assert.equal(await parsed(alias), await parsed(`--${name}`))
    const line = `${alias}: now --${name}; the old name will be removed in the next version`
    assert.equal(oldNames([alias], flags), [line])
    assert.equal(oldNames(['x', `${alias}=x`], flags), [line])
    assert.equal(oldNames([`--${name}`, '--', alias], flags), [])
  })
}

dialect('old names are those of no other flag', () => {
  assert.ok(old.length >= 7)
  for (const { id, alias, flags } of old) {
    const taken = Object.entries(flags).some(([name, { char }]) => [`--${name}`, `-${char}`].includes(alias))
    assert.not(taken, `${id} ${alias}`)
  }
})

dialect('a flag that became a value of another still works, and says so', async () => {
  const { flags } = commands.find(({ id }) => id === 'compare') ?? { flags: {} }
  assert.equal(oldNames(['a.json', '--markdown'], flags), [
    '--markdown: now --output-format md; the old name will be removed in the next version',
  ])
})

dialect('the line is on standard error, and not there under --quiet', async () => {
  const folder = workFolder()
  const argv = ['generate', 'Once', '--max-tokens', '1', '--batch', '0']
  const spoken = await asp(folder, argv)
  const [first] = spoken.stderr.split('\n')
  assert.is(first, '--batch: now --batch-size; the old name will be removed in the next version')
  assert.is(spoken.stdout, '')
  const quiet = await asp(folder, [...argv, '-q'])
  assert.match(quiet.stderr, /^error: --batch-size: [^\n]*\n$/)
})

dialect('what a flag refuses is one line in asp’s words', async () => {
  const cases: [argv: string[], line: RegExp][] = [
    [
      ['eval', 'piqa', '--policy', 'adaptiv'],
      /^--policy: must be dense or .* got "adaptiv"; hint: .* adaptive$/,
    ],
    [['bench', '--ctx', '1'], /^--ctx: must be a whole number from 2, got 1; hint: /],
    [['bench', '--prompt', 'many'], /^--prompt: must be whole numbers or ranges of them, got "many"; hint: /],
    [['bench', '--pg', '64'], /^--pg: must be two whole numbers, got "64"; hint: /],
    [
      ['generate', 'Once', '--max-tokens', '1.5'],
      /^--max-tokens: must be a whole number, got "1\.5"; hint: /,
    ],
    [['eval', 'piqa', '--shard', '3/2'], /^--shard: .* got "?3\/2"?; hint: /],
  ]
  const folder = workFolder()
  for (const [argv, line] of cases) {
    const { status, stdout, stderr } = await asp(folder, argv)
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.is(stderr.trimEnd().split('\n').length, 1, stderr)
    assert.match(stderr.trimEnd().replace(/^error: /, ''), line)
  }
})

dialect.run()
