/** Statistics of drops over two windows made by hand; figures come from the code that records get theirs from. */
import type { TokenClasses } from '../../src/drops/classes.js'
import { dimensionRecords } from '../../src/drops/figures.js'
import { killerCounts } from '../../src/drops/killers.js'
import { countInputs } from '../../src/drops/run.js'
import { tallyWindow } from '../../src/drops/tally.js'
import { NEVER } from '../../src/engine/batch.js'
import type { DropStatsRecord, StatsRun } from '../../src/record/drops/stats-schema.js'
import { SPARSITY_DEFINITION, sparsityOf } from '../../src/record/eval/build.js'
import { DROP_STATS_SCHEMA } from '../../src/record/kinds.js'
import { recordParts } from './fixture.js'

const AGES = [1, 2, 4]
const TEXTS = ['The', ' cat', ' sat', ',', ' on', ' it', ' all', '.']
/** (layers, n) of each window. */
const DEATHS = [
  [
    [3, 3, 3, 7, NEVER, 7, 7, NEVER],
    [NEVER, 3, NEVER, NEVER, 7, NEVER, NEVER, NEVER],
  ],
  [
    [3, 3, NEVER, 7, 7, NEVER, NEVER, NEVER],
    [NEVER, 2, NEVER, 5, NEVER, NEVER, NEVER, NEVER],
  ],
].map((window) => window.map((layer) => Uint32Array.from(layer)))

function classesOf(text: string, at: number): TokenClasses {
  const mark = /[,.]/.test(text)
  const stop = ['The', ' on', ' it', ' all'].includes(text)
  return {
    all: 'all tokens',
    kind: mark ? 'punctuation' : stop ? 'stop word' : 'content word',
    part_of_speech: mark ? 'PUNCT' : text === ' sat' ? 'VERB' : text === ' cat' ? 'NOUN' : 'DET',
    place_in_word: mark ? 'no word' : 'whole word',
    position: at === 0 ? '0' : at < 4 ? '1-3' : '4-15',
  }
}

export function statsRun(changes: Partial<StatsRun> = {}): StatsRun {
  const { model } = recordParts()
  const killers = killerCounts(2)
  for (const deaths of DEATHS) killers.add(deaths, TEXTS)
  const tallies = DEATHS.map((deaths) => tallyWindow(deaths, TEXTS.map(classesOf), AGES))
  return {
    model,
    policy: {
      name: 'adaptive',
      parameters: { propagate_in_depth: false },
      threshold_shift: 0,
      calibration: null,
    },
    sparsity: { requested: null, ...sparsityOf(countInputs(DEATHS)), definition: SPARSITY_DEFINITION },
    cause: 'query',
    windows: 2,
    tokens: 16,
    dimensions: dimensionRecords(tallies, { layers: 2, ages: AGES.length, kills: true }),
    killers: killers.records(),
    ...changes,
  }
}

/** The same windows left by position, which kills nobody. */
export function patternRun(): StatsRun {
  const tallies = DEATHS.map((deaths) => tallyWindow(deaths, TEXTS.map(classesOf), AGES))
  return statsRun({
    cause: 'position',
    policy: { name: 'local', parameters: { window: 4 }, threshold_shift: null, calibration: null },
    dimensions: dimensionRecords(tallies, { layers: 2, ages: AGES.length, kills: false }),
    killers: [],
  })
}

export function statsRecord(runs: StatsRun[] = [statsRun()]): DropStatsRecord {
  return {
    schema: DROP_STATS_SCHEMA,
    kind: 'drop-stats',
    date: 1790000000,
    text: {
      sources: [
        {
          kind: 'file',
          source: 'cats.txt',
          revision: null,
          split: null,
          documents: 1,
          sha256: 'a'.repeat(64),
        },
      ],
      characters: 58,
      sha256: 'b'.repeat(64),
      limit: 16384,
    },
    ctx: 8,
    ages: AGES,
    tagger: {
      name: 'wink-nlp',
      version: '2.4.0',
      model: 'wink-eng-lite-web-model',
      model_version: '1.8.1',
    },
    runs,
    seed: 1234,
    environment: recordParts().environment,
    command: ['asp', 'drops', 'stats', 'cats.txt'],
  }
}
