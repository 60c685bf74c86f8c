/**
 * Short trainings that differ in one thing, and what each is worth: the records of docs/recipe.md.
 *   node --import tsx scripts/recipe-runs.ts --data train.bin --eval-data books.jsonl.gz --work runs --only grace-32,alpha-from-1
 * Everything is resumed: a run that was stopped goes on where it was, one that is finished is left alone.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asp, RUN_FLAGS, train } from './asp.js'

const { values: given } = parseArgs({
  options: {
    ...RUN_FLAGS,
    out: { type: 'string', default: 'results/recipe' },
  },
})

/** What all are trained with, and what each changes of it. */
const SHARED = '--ctx 1024 --batch-tokens 4096 --steps 150 --held-out 8 --eval-every 25 --save-dtype f16'
const ADAPTIVE = { '--gamma': '0.4', '--rate': '3e-4', '--grace': '0' }
const CHANGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-grace': {},
  'grace-8': { '--grace': '8' },
  'grace-32': { '--grace': '32' },
  'gamma-0.02': { '--gamma': '0.02' },
  'gamma-0.1': { '--gamma': '0.1' },
  'gamma-0.2': { '--gamma': '0.2' },
  'gamma-0.8': { '--gamma': '0.8' },
  'alpha-from-1': { '--alpha-from': '1' },
  'alpha-all-steps': { '--alpha-steps': '150' },
  'alpha-early': { '--alpha-steps': '50' },
  'one-rate': { '--rate-interaction': '3e-4' },
  'thrice-the-rate': { '--rate-interaction': '9e-4' },
  'rate-1e-4': { '--rate': '1e-4' },
  'rate-6e-4': { '--rate': '6e-4' },
  'beta-4': { '--beta': '4' },
  'int-dim-16': { '--int-dim': '16' },
  'int-dim-256': { '--int-dim': '256' },
  depth: { '--propagate-in-depth': '' },
  shifted: { '--shift-range=-1..1': '' },
  distilled: { '--distill': '0.5' },
}

const RUNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dense: { '--control': 'dense', '--rate': ADAPTIVE['--rate'] },
  ...Object.fromEntries(Object.entries(CHANGES).map(([name, change]) => [name, { ...ADAPTIVE, ...change }])),
}

const wanted = given.only?.split(',')
for (const [name, flags] of Object.entries(RUNS).filter(([name]) => wanted?.includes(name) ?? true)) {
  const checkpoint = join(given.work, name)
  const results = join(given.out, name)
  mkdirSync(results, { recursive: true })
  const own = Object.entries(flags).flat().join(' ')
  train(given, `${SHARED} ${own} -q`, { checkpoint, results }, ['train.json', 'train-log.jsonl'])
  const [text, recall] =
    name === 'dense'
      ? ['', '--policy dense']
      : ['0.5,0.8,0.9', '0.8'].map((levels) => `--policy adaptive --sparsity ${levels}`)
  const filler = given['eval-data']
  measure(results, 'ppl', `${filler} --limit 16384 --ctx 1024 --model ${checkpoint} ${text}`)
  measure(
    results,
    'recall',
    `passkey needle_cloze --length 1024 --items 4 --filler ${filler} --model ${checkpoint} ${recall}`,
  )
}

function measure(results: string, command: 'ppl' | 'recall', flags: string): void {
  const path = join(results, `${command}.json`)
  if (!existsSync(path)) asp(`${command} ${flags} -q --output ${path}`, given.threads)
}
