/**
 * Whether asp gives the same records before and after a change that should alter none: a fixed list of runs of the built command
 * (same-records-cases.ts), made once from each checkout, then compared to the last bit but for times.
 *
 *     node --import tsx scripts/same-records.ts run --asp <checkout> --out <folder> [--only paper,ppl]
 *     node --import tsx scripts/same-records.ts compare <before> <after> [--only paper,ppl]
 *
 * The checkout must be built; nothing is imported from it or from src/. A case is a folder below --out: what its commands wrote and
 * printed (`table.txt`, `table-2.txt`, ...; `stderr.txt` where there was any), and how they ended (`exits.json`). Of weights the
 * SHA-256 is kept (`hashes.json`), of pages the data in them is compared. `compare` exits with 1 for any other value, key, order of
 * keys, line or file that NAMED_CHANGES does not have. Both are to be run on one machine: the last bits may depend on the processor.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES, type Step, writeInputs } from './same-records-cases.js'

/** A place is `<case>/<file>#/<key>/<index>`, in a text `<case>/<file>#/<the line>`. */
interface Change {
  path: RegExp
  why: string
}

/** What is changed on purpose: values, keys, lines and files at these places may differ, be gone or be new. */
const NAMED_CHANGES: readonly Change[] = [
  { path: /\/sampling\/ignore_eos$/, why: 'without the flag it was left out' },
  {
    path: /^paper-adaptive\/0\.json#\/policy\/threshold_shift$/,
    why: 'sparsity 0 has no shift: 1e30 became null',
  },
  {
    path: /#\/Policy +adaptive, propagate_in_depth false(, threshold shift \+1e\+30)?$/,
    why: 'the same, in words',
  },
  { path: /\/stderr-\d+\.txt$/, why: 'a flag that is used by its old name says so' },
  {
    path: /\/config\/(layer_norm_epsilon|propagate_in_depth)$/,
    why: 'what config.json decides of the figures is recorded',
  },
  { path: /\.samples\..*\/line_hash$/, why: 'lines of sample logs have hashes' },
  { path: /\/state\.json#\/(sha256|config(\/.*)?)$/, why: 'states of trainings have a hash and the config' },
  { path: /#\/(Begun|Started) from .*/, why: 'plainer words' },
  {
    path: /#\/Trained on .*(judged on windows kept aside|evaluated on held-out windows)$/,
    why: 'plainer words',
  },
  { path: /#\/(Alive after (so many|N) tokens|Words that kill (the )?most)$/, why: 'plainer words' },
  { path: /^bench\/.*#\/(asked|apart|requested|separately)$/, why: 'plainer words' },
  // In the case `sweep` latency is not measured, and these are compared.
  { path: /^sweep-bench\/.*\/points\/\d+\/(on_frontier|dominated_by|within_noise_of)/, why: 'latency' },
]

/** Values that no two runs need have in common. Their keys and kinds have to agree all the same. */
const NEVER_EQUAL: readonly Change[] = [
  { path: /\/(date|made)$/, why: 'when it was run' },
  { path: /\/(commit|asp_version|git_hash|pretty_env_info)$/, why: 'which asp was run' },
  { path: /\/(settings\/asp|records\/\d+\/version)$/, why: 'which asp was run' },
  { path: /\/(host_rss|host_peak_rss|rss|has)_bytes$/, why: 'memory of the process, and what else is free' },
  { path: /\/memory\/peak_bytes$/, why: 'whether results were read before the next batch took memory' },
  { path: /\/(timing\/.*|speed\/(peak_flops|of_peak))$/, why: 'speed' },
  { path: /\/((total_evaluation_time_|device_)?seconds|seconds_left)(\/|$)/, why: 'speed' },
  { path: /\/((host_)?tokens_per_s|tokens_per_second|(cpu_)?speedup|busy|stages)(\/|$)/, why: 'speed' },
  { path: /\/((device|host|cpu|first_token|step|latency|probe)_s)(\/|$)/, why: 'speed' },
  { path: /^report\/table-\d+\.txt#\/bytes$/, why: 'size of a page that has times in it' },
]

/** The same for what is printed. */
const NEVER_EQUAL_IN_TEXT: readonly [pattern: RegExp, instead: string][] = [
  [/^(Time +).*/gm, '$1...'],
  [/(peak) [\d.]+ [KM]iB/g, '$1 ...'],
  [/[\d.,]+ (ms|s)\b/g, '... $1'],
  [/[\d.,]+( tokens| requests)?\/s\b/g, '...$1/s'],
  [/\([\d.]+ of the adapter's peak\)/g, "(... of the adapter's peak)"],
]

/** In names of files that asp chose, and where they are named. */
const DATE = /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?Z?/g

/** Speed decides all figures that these print, and with them widths and plots: only their words are compared. */
const WORDS_ONLY = /^(bench|sweep-bench|sweep-plan)\/[^#]*\.(txt|csv)$/

const COMPUTES = /^(eval|ppl|sweep|bench|generate|drops|finetune|train) /
/** One number of threads on every machine, since a record names it. */
const FLAGS = '--quiet --device cpu --threads 2'

function run(asp: string, out: string, only: Selection): void {
  mkdirSync(out, { recursive: true })
  const [checkout, folder] = [realpathSync(asp), realpathSync(out)]
  if (!existsSync(join(checkout, 'dist'))) throw new Error(`${checkout} is not built`)
  writeInputs(checkout, join(folder, 'inputs'))
  const { FORCE_COLOR, HF_TOKEN, HF_ENDPOINT, HF_HUB_CACHE, COLUMNS, ...inherited } = process.env
  const home = join(folder, '.home')
  const own = { HOME: home, HF_HOME: join(home, 'hub'), HF_HUB_OFFLINE: '1', ASP_CACHE: join(home, 'asp') }
  const env = { ...inherited, ...own, TZ: 'UTC' }
  for (const [name, steps] of Object.entries(CASES).filter(([name]) => only(name))) {
    const cwd = join(folder, name)
    rmSync(cwd, { recursive: true, force: true })
    mkdirSync(cwd)
    const began = performance.now()
    const exits = runCase(steps, cwd, join(checkout, 'bin/run.js'), env)
    keep(cwd, { [cwd]: '<case>', [checkout]: '<asp>' })
    writeFileSync(join(cwd, 'exits.json'), JSON.stringify(exits, null, 2))
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    print(`${name.padEnd(20)}${seconds.padStart(6)} s   exit ${exits.map(({ exit }) => exit).join(' ')}`)
  }
}

function runCase(steps: readonly Step[], cwd: string, command: string, env: NodeJS.ProcessEnv) {
  const exits: { command: string; exit: number | string | null }[] = []
  for (const step of steps) {
    if (typeof step !== 'string') {
      const log = join(cwd, step.cut)
      truncateSync(log, Math.floor(readFileSync(log).length * step.share))
      continue
    }
    const line = COMPUTES.test(step) ? `${step} ${FLAGS}` : step
    const argv = [command, ...line.split(' ')]
    const options = { cwd, env, encoding: 'utf8', timeout: 300_000, maxBuffer: 1 << 28 } as const
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, argv, options)
    exits.push({ command: line, exit: status ?? signal })
    const suffix = exits.length === 1 ? '' : `-${exits.length}`
    writeFileSync(join(cwd, `table${suffix}.txt`), stdout)
    if (stderr !== '') writeFileSync(join(cwd, `stderr${suffix}.txt`), stderr)
  }
  return exits
}

/** Makes folders of two runs comparable: no dates in names, no absolute paths, of what is large its hash alone. */
function keep(folder: string, roots: Record<string, string>): void {
  const hashes: Record<string, string> = {}
  for (const name of filesBelow(folder)) {
    const path = join(folder, name)
    const bytes = readFileSync(path)
    rmSync(path)
    if (/\.safetensors$|(^|\/)tokenizer\.json$/.test(name)) {
      hashes[name] = createHash('sha256').update(bytes).digest('hex')
      continue
    }
    const absolute = Object.entries(roots)
    const text = absolute.reduce((text, [root, name]) => text.replaceAll(root, name), bytes.toString('utf8'))
    writeFileSync(join(folder, name.replace(DATE, '<date>')), text.replace(DATE, '<date>'))
  }
  if (Object.keys(hashes).length > 0) writeFileSync(join(folder, 'hashes.json'), JSON.stringify(hashes))
}

function compare(before: string, after: string, only: Selection): boolean {
  const named = new Map<Change, number>()
  const names = bothOf(foldersIn(before), foldersIn(after)).filter(only)
  // Nothing compared is nothing proved.
  let same = names.length > 0
  for (const name of names) {
    const [a, b] = [before, after].map((root) => filesBelow(join(root, name)))
    const files = bothOf(a, b)
    const differences = files
      .flatMap((file) => {
        const place = `${name}/${file}`
        if (!b.includes(file)) return [{ path: place, says: 'only before' }]
        if (!a.includes(file)) return [{ path: place, says: 'only after' }]
        return differencesOf(place, join(before, place), join(after, place))
      })
      .filter(({ path }) => {
        const change = NAMED_CHANGES.find((one) => one.path.test(path))
        if (change !== undefined) named.set(change, (named.get(change) ?? 0) + 1)
        return change === undefined
      })
    same &&= differences.length === 0
    const verdict = differences.length === 0 ? 'equal' : `${differences.length} differences`
    print(`${name.padEnd(20)}${String(files.length).padStart(4)} files   ${verdict}`)
    for (const { path, says } of differences.slice(0, 5)) print(`    ${path}: ${says}`)
  }
  for (const [{ path, why }, times] of named) print(`named: ${why} (${path}), ${times} times`)
  return same
}

type Difference = { path: string; says: string }

function differencesOf(place: string, before: string, after: string): Difference[] {
  const [a, b] = [before, after].map((path) => leavesOf(place, readFileSync(path, 'utf8')))
  const found = bothOf([...a.keys()], [...b.keys()]).flatMap((path) => {
    const [old, now] = [a.get(path), b.get(path)]
    const unequal = NEVER_EQUAL.find((one) => one.path.test(path))
    if (!b.has(path)) return [{ path, says: `only before, ${show(old)}` }]
    if (!a.has(path)) return [{ path, says: `only after, ${show(now)}` }]
    const same = unequal === undefined ? Object.is(old, now) : typeof old === typeof now
    return same ? [] : [{ path, says: `${show(old)} -> ${show(now)}` }]
  })
  const order = [...b.keys()].filter((path) => a.has(path))
  const moved = [...a.keys()].filter((path) => b.has(path)).find((path, i) => path !== order[i])
  return moved === undefined ? found : [...found, { path: moved, says: 'in another order' }]
}

/** Values of JSON, of lines of JSON and of the data in a page by their paths; lines of any other text, by themselves. */
function leavesOf(place: string, text: string): Map<string, unknown> {
  const data = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(text)?.[1]
  const found = parsed(data ?? text) ?? parsedLines(text)
  const leaves = new Map<string, unknown>()
  if (found !== undefined) addLeaves(found, `${place}#`, leaves)
  else
    for (const line of WORDS_ONLY.test(place) ? wordsOf(text) : withoutTimes(text).split('\n')) {
      let path = `${place}#/${line}`
      while (leaves.has(path)) path += ' (again)'
      leaves.set(path, 'a line')
    }
  return leaves
}

function addLeaves(value: unknown, path: string, into: Map<string, unknown>): void {
  const isObject = typeof value === 'object' && value !== null
  const entries = Object.entries(isObject ? value : {})
  for (const [key, part] of entries) addLeaves(part, `${path}/${key}`, into)
  // An empty list is a value, and another one than an empty object.
  if (entries.length === 0) into.set(path, isObject ? JSON.stringify(value) : value)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parsedLines(text: string): unknown {
  const lines = text.trimEnd().split('\n').map(parsed)
  return lines.every((line) => typeof line === 'object' && line !== null) ? lines : undefined
}

const wordsOf = (text: string): string[] => [...new Set(text.match(/(?<!-)\b[A-Za-z]{3,}\b/g))].sort()
const withoutTimes = (text: string): string =>
  NEVER_EQUAL_IN_TEXT.reduce((text, [pattern, instead]) => text.replace(pattern, instead), text)
const bothOf = (a: readonly string[], b: readonly string[]): string[] => [...new Set([...a, ...b])]
const show = (value: unknown): string => JSON.stringify(value)?.slice(0, 100)
const print = (line: string): boolean => process.stdout.write(`${line}\n`)

const foldersIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name !== '.home')
    .sort()

/** None of a folder that does not exist. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((one) => one.isFile())
  return files.map((one) => relative(folder, join(one.parentPath, one.name))).sort()
}

type Selection = (name: string) => boolean
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { asp: { type: 'string' }, out: { type: 'string' }, only: { type: 'string', default: '' } },
})
const [action, ...folders] = positionals
const only: Selection = (name) => values.only.split(',').some((part) => name.includes(part))
if (action === 'run' && values.asp !== undefined && values.out !== undefined)
  run(values.asp, values.out, only)
else if (action === 'compare' && folders.length === 2)
  process.exitCode = compare(folders[0], folders[1], only) ? 0 : 1
else {
  print('usage: same-records.ts run --asp <checkout> --out <folder> | compare <before> <after>')
  process.exitCode = 2
}
