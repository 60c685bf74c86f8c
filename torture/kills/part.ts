/**
 * The part of the harness that ends commands from outside. Each target runs once alone, to learn how long it lives and which files
 * it writes; every try then ends it at a moment of that life, looks at what is left, gives the command again, and compares.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pythonRandom } from '../../src/stats/python-random.js'
import type { Broken, TortureOptions, TorturePart, TortureRow } from '../part.js'
import { brokenAfterwards, type Files, readFiles } from './afterwards.js'
import { type Ended, type Hurt, runAlone, runHurt, WAYS } from './hurt.js'
import { describeMoment, type Life, momentOf } from './moments.js'
import { brokenAtOnce } from './promises.js'
import { TARGETS, type Target } from './targets.js'

interface Alone {
  life: Life
  files: Files
}

export const kills: TorturePart = {
  name: 'kills',
  async run(options) {
    const rows: TortureRow[] = []
    const tries = Math.ceil(options.count / TARGETS.length)
    for (const target of TARGETS) rows.push(await hurtTarget(target, tries, options))
    return rows
  },
}

async function hurtTarget(target: Target, tries: number, options: TortureOptions): Promise<TortureRow> {
  const alone = await leaveAlone(target, options)
  const broken: Broken[] = []
  for (let number = 0; number < tries; number++) {
    const { hurt, what } = await hurtOnce(target, number, alone, options)
    if (what.length === 0) continue
    const again = `--only kills --seed ${options.seed} --target ${target.name} --try ${number}`
    broken.push({ again, what: `${hurt.way} ${describeMoment(hurt.moment)}: ${what.join('; ')}` })
    options.say(`${target.name} ${number}: ${broken.at(-1)?.what}`)
  }
  return { target: `asp ${target.name}`, how: `${WAYS.join(', ')} at ${tries} moments`, tries, broken }
}

async function leaveAlone(target: Target, options: TortureOptions): Promise<Alone> {
  const folder = join(options.folder, target.name, 'alone')
  const { status, stderr, ...life } = await runAlone(folder, target.argv, {})
  if (status !== 0)
    throw new Error(`asp ${target.argv.join(' ')} ends with ${status} when left alone: ${stderr}`)
  options.say(`${target.name}: ${Math.round(life.milliseconds)} ms, ${life.changes.length} changes of files`)
  return { life, files: readFiles(folder) }
}

async function hurtOnce(
  target: Target,
  number: number,
  alone: Alone,
  { seed, folder: root }: TortureOptions,
): Promise<{ hurt: Hurt; what: string[] }> {
  const random = pythonRandom(seed * 1_000_003 + number)
  const way = WAYS[number % WAYS.length]
  const hurt: Hurt = {
    way,
    moment: momentOf(Math.floor(number / WAYS.length), alone.life, random),
    between: random.below(40),
  }
  const folder = join(root, target.name, String(number))
  mkdirSync(folder, { recursive: true })
  const ended = await runHurt(folder, target.argv, {}, hurt)
  const what = brokenAtOnce(target, folder, way, ended)
  const saved = target.saved?.(folder) ?? 0
  const again: Ended = await runAlone(folder, [...target.argv, ...target.again], {})
  what.push(...brokenAfterwards(target, folder, alone.files, again))
  const resumed = target.resumed?.(again.stderr) ?? 0
  if (resumed < saved) what.push(`${saved} were saved, and the run after it goes on from ${resumed}`)
  if (what.length === 0) rmSync(folder, { recursive: true, force: true })
  return { hurt, what }
}
