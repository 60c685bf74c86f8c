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
import { bothOf, type Change, differencesOf } from './text-differences.js'

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

/** In names of files that asp chose, and where they are named. */
const DATE = /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(\.\d+)?Z?/g

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
        return differencesOf(place, textOf(before, place), textOf(after, place))
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

const print = (line: string): boolean => process.stdout.write(`${line}\n`)

const textOf = (root: string, place: string): string => readFileSync(join(root, place), 'utf8')

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
