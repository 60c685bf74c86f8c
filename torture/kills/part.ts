/**
 * The part of the harness that ends commands from outside. Each target runs once alone, to learn how long it lives and which files
 * it writes; every try then ends it at a moment of that life, looks at what is left, gives the command again, and compares.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pythonRandom } from '../../src/stats/python-random.js'
import type { Broken, TortureOptions, TorturePart, TortureRow } from '../part.js'
import { brokenAfterwards, type Files, readFiles } from './afterwards.js'
import { type Hurt, runAlone, runHurt, WAYS } from './hurt.js'
import { describeMoment, type Life, momentOf } from './moments.js'
import { brokenAtOnce } from './promises.js'
import { TARGETS, type Target } from './targets.js'
import { openWorkshop, type Workshop } from './workshop.js'

/** Tries of a target: five of each way. */
const MOST_TRIES = 30
/** Tries of the second target are numbered from here on, and so forth, however many each has. */
const NUMBERS = 1000

/** A target that was left alone, and what it takes to hurt it. */
interface Subject {
  target: Target
  workshop: Workshop
  life: Life
  files: Files
}

const kills: TorturePart = {
  name: 'kills',
  async run(options) {
    const tries = Math.min(MOST_TRIES, Math.ceil(options.count / TARGETS.length))
    const numbers = TARGETS.flatMap((_, i) => Array.from({ length: tries }, (_, j) => i * NUMBERS + j))
    return hurtAll(options.only === undefined ? numbers : [options.only], options)
  },
}
export default kills

/** @param numbers of tries: the target's place in TARGETS times NUMBERS, and which of its tries */
export async function hurtAll(numbers: readonly number[], options: TortureOptions): Promise<TortureRow[]> {
  const workshop = await openWorkshop(options.folder)
  try {
    const rows: TortureRow[] = []
    for (const [i, target] of TARGETS.entries()) {
      const own = numbers.filter((number) => Math.floor(number / NUMBERS) === i)
      if (own.length > 0) rows.push(await hurtTarget(target, own, workshop, options))
    }
    return rows
  } finally {
    await workshop.close()
  }
}

async function hurtTarget(
  target: Target,
  numbers: readonly number[],
  workshop: Workshop,
  options: TortureOptions,
): Promise<TortureRow> {
  const subject = await leaveAlone(target, workshop, options)
  const broken: Broken[] = []
  for (const number of numbers) {
    const { hurt, what } = await hurtOnce(subject, number, options)
    if (what.length === 0) continue
    const again = `--only kills --seed ${options.seed} --try ${number}`
    const said = `asp ${target.name}, ${hurt.way} ${describeMoment(hurt.moment)}: ${what.join('; ')}`
    broken.push({ again, what: said })
    options.say(`${number}: ${said}`)
  }
  return { target: `asp ${target.name}`, how: WAYS.join(', '), tries: numbers.length, broken }
}

/** @throws Error where it does not end well even so */
async function leaveAlone(target: Target, workshop: Workshop, options: TortureOptions): Promise<Subject> {
  const folder = join(options.folder, target.name.replace(' ', '-'), 'alone')
  const environment = begin(target, folder, workshop)
  const first = await runAlone(folder, target.argv, environment)
  const { status, stderr } = first
  if (status !== 0)
    throw new Error(`asp ${target.argv.join(' ')}: ends with ${status} when left alone: ${stderr}`)
  const files = readFiles(folder)
  // The first run may have waited for files that are in memory from then on, and what two runs differ in must not count as broken.
  const twin = `${folder}-too`
  const second = await runAlone(twin, target.argv, begin(target, twin, workshop))
  const [differs] = brokenAfterwards(target, twin, files, second)
  if (differs !== undefined) throw new Error(`asp ${target.name}: two runs left alone differ: ${differs}`)
  const life = first.milliseconds < second.milliseconds ? first : second
  options.say(
    `asp ${target.name}: ${Math.round(life.milliseconds)} ms, ${life.changes.length} changes of files`,
  )
  return { target, workshop, life, files }
}

function begin({ prepare, environment }: Target, folder: string, workshop: Workshop): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true })
  prepare?.(folder, workshop)
  return environment?.(folder, workshop) ?? {}
}

async function hurtOnce(
  { target, workshop, life, files }: Subject,
  number: number,
  { seed, folder: root }: TortureOptions,
): Promise<{ hurt: Hurt; what: string[] }> {
  const random = pythonRandom(seed * 1_000_003 + number)
  const [way, round] = [WAYS[number % WAYS.length], Math.floor((number % NUMBERS) / WAYS.length)]
  const hurt: Hurt = { way, moment: momentOf(round, life, random), between: random.below(40) }
  // Of every other try the run that goes on is ended as well.
  const next: Hurt = {
    way: WAYS[random.below(5)],
    moment: momentOf(random.below(9), life, random),
    between: 5,
  }
  const folder = join(root, target.name.replace(' ', '-'), String(number))
  const environment = begin(target, folder, workshop)
  const ended = await runHurt(folder, target.argv, environment, hurt)
  const what = brokenAtOnce(target, folder, way, ended)
  if (round % 2 === 1) {
    const cut = await runHurt(folder, [...target.argv, ...target.again], environment, next)
    what.push(
      ...brokenAtOnce(target, folder, next.way, cut, false).map(
        (one) => `then ${next.way} ${describeMoment(next.moment)}: ${one}`,
      ),
    )
  }
  const saved = target.saved?.(folder) ?? 0
  const again = await runAlone(folder, [...target.argv, ...target.again], environment)
  what.push(...brokenAfterwards(target, folder, files, again))
  const resumed = target.resumed?.(again.stderr) ?? 0
  if (resumed < saved) what.push(`${saved} were saved, and the run after it goes on from ${resumed}`)
  if (what.length === 0) rmSync(folder, { recursive: true, force: true })
  return { hurt, what }
}
