/**
 * `npm run bench [-- --device cpu,llvmpipe --only matmul,dispatch,startup --python python3 --json FILE]`: the figures performance is held
 * to. Nothing here is a test: numbers depend on the machine, so compare ratios of one run, on an idle machine.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { usableCores } from '../src/device/cores.js'
import { listAdapters, openDevice } from '../src/device/open.js'
import { useSwiftShader } from '../test/device/swiftshader.js'
import { type BusyBench, benchBusy } from './busy.js'
import { benchDispatch, type DispatchBench } from './dispatch.js'
import { benchMatmul, type MatmulBench } from './matmul.js'
import { type Rival, startRival } from './rival.js'
import { benchScoring, type ScoringRow } from './scoring.js'
import { benchSharing, type SharingBench } from './sharing.js'
import { benchStartup, type StartupRow } from './startup.js'
import { benchTraining, CTX, SEQUENCES, type TrainingBench } from './training.js'

interface DeviceResult {
  adapter: string
  matmul?: MatmulBench
  dispatch?: DispatchBench
  sharing?: SharingBench[]
  busy?: BusyBench[]
  training?: TrainingBench[]
  scoring?: ScoringRow[]
}

const ON_DEVICES = ['matmul', 'dispatch', 'sharing', 'busy', 'training', 'scoring'] as const
const SECTIONS = ['startup', ...ON_DEVICES] as const
/** A start takes a quarter of a second, and other processes disturb it more than minutes of work. */
const STARTUPS_PER_REPETITION = 3
const RULES = [{ kind: 'dense' }, { kind: 'adaptive', shift: 0 }] as const

const { values } = parseArgs({
  options: {
    device: { type: 'string' },
    only: { type: 'string', default: SECTIONS.join(',') },
    json: { type: 'string' },
    // A Python that has numpy and threadpoolctl, torch and transformers: OpenBLAS and PyTorch are timed in turns.
    python: { type: 'string' },
    repetitions: { type: 'string', default: '5' },
    // Of the scoring section.
    documents: { type: 'string', default: '100' },
  },
})
const wanted = new Set(values.only.split(','))
const repetitions = Number(values.repetitions)
const threads = usableCores()
const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

const results: (DeviceResult | { startup: StartupRow[] })[] = []
if (wanted.has('startup')) {
  const startup = benchStartup(STARTUPS_PER_REPETITION * repetitions)
  print(startupTable(startup))
  results.push({ startup })
}

const needsDevices = ON_DEVICES.some((section) => wanted.has(section))
if (needsDevices && /swiftshader/i.test(values.device ?? 'swiftshader')) await useSwiftShader()
const devices = needsDevices ? (values.device?.split(',') ?? (await softwareAdapters())) : []
for (const name of devices) {
  const open = await openDevice({ device: name })
  const { device, lost, adapter } = open
  print(`\n${adapter.name} (${adapter.driver})`)
  const result: DeviceResult = { adapter: adapter.name }
  try {
    if (wanted.has('matmul')) {
      result.matmul = await withRival('sgemm.py', [threads], (rival) =>
        benchMatmul({ device, adapter, repetitions, rival }),
      )
      print(matmulTable(result.matmul))
    }
    if (wanted.has('dispatch')) {
      result.dispatch = await benchDispatch({ device }, { repetitions })
      const { dispatch, submission } = result.dispatch
      const micros = (seconds: number): string => `${(1e6 * seconds).toFixed(1)} µs`
      print(`a dispatch ${micros(dispatch)}, a submission that is waited for ${micros(submission)}`)
    }
    if (wanted.has('sharing')) {
      result.sharing = []
      for (const rule of RULES) {
        result.sharing.push(await benchSharing({ device, lost, adapter }, rule, { repetitions }))
      }
      print(sharingTable(result.sharing))
    }
    if (wanted.has('busy')) {
      result.busy = []
      for (const rule of RULES) result.busy.push(await benchBusy({ device, lost, adapter }, rule))
      print(busyTable(result.busy))
    }
    if (wanted.has('training')) {
      result.training = []
      for (const kind of ['dense', 'adaptive'] as const) {
        const args = [fileURLToPath(new URL('../models/asp-tiny', import.meta.url)), SEQUENCES, CTX, threads]
        result.training.push(
          await withRival('train.py', args, (rival) =>
            benchTraining({ device, lost, adapter }, kind, { repetitions, rival }),
          ),
        )
      }
      print(trainingTable(result.training))
    }
    if (wanted.has('scoring')) {
      result.scoring = await benchScoring(
        { device, lost, adapter },
        {
          documents: Number(values.documents),
          rival: lmEval(),
        },
      )
      print(scoringTable(result.scoring))
    }
  } finally {
    open.close()
  }
  results.push(result)
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`)

/** `work` beside a program of bench/python, where there is a Python. */
async function withRival<T>(
  script: string,
  args: readonly (string | number)[],
  work: (rival?: Rival) => Promise<T>,
): Promise<T> {
  if (values.python === undefined) return work()
  const rival = await startRival(values.python, script, args)
  print(`beside ${rival.library}`)
  try {
    return await work(rival)
  } finally {
    rival.close()
  }
}

function lmEval(): ((folder: string, requests: string) => Promise<Rival>) | undefined {
  const { python } = values
  return python === undefined ? undefined : (...files) => startRival(python, 'score.py', [...files, threads])
}

/** One adapter of each kind at hand: what the machine would use, and the bundled driver. */
async function softwareAdapters(): Promise<string[]> {
  const byKind = new Map((await listAdapters()).reverse().map(({ kind, name }) => [kind, name]))
  return ['cpu', ...[...byKind.values()].reverse()]
}

function startupTable(rows: readonly StartupRow[]): string {
  const table = new Table({ head: ['start-up', 'median, s', 'best, s', 'over node, s'] })
  for (const { command, median, best, overNode } of rows) {
    table.push([command, median.toFixed(3), best.toFixed(3), overNode.toFixed(3)])
  }
  return `${table}\n"Over node": medians; at most 0.3 s is what asp is held to.`
}

function matmulTable({ peak, rows }: MatmulBench): string {
  const head = [
    'kernel',
    'M x K x N',
    'best GFLOP/s',
    'median',
    'of peak',
    'weights, GB/s',
    'to many rows',
    'to rival',
  ]
  const table = new Table({ head })
  for (const { kernel, M, K, N, best, median, ofPeak, weightRate, gain, overRival } of rows) {
    table.push([
      kernel,
      `${M} x ${K} x ${N}`,
      best.toFixed(1),
      median.toFixed(1),
      `${(100 * ofPeak).toFixed(0)} %`,
      weightRate.toFixed(2),
      gain === null ? '' : gain.toFixed(2),
      overRival === null ? '' : overRival.toFixed(2),
    ])
  }
  return `${table}\n"To many rows": the rate over that of the same matmul by the kernel for many rows.\nmultiply-add peak ${peak.best.toFixed(1)} GFLOP/s (median ${peak.median.toFixed(1)})`
}

function sharingTable(rows: SharingBench[]): string {
  const table = new Table({
    head: [
      'HellaSwag',
      'tokens run',
      'unshared',
      'requests/s',
      'unshared',
      'speed-up',
      'pairs',
      'largest |dlogprob|',
    ],
  })
  for (const { policy, tokens, requestsPerSecond: rate, speedup, pairs, largestDifference } of rows) {
    table.push([
      policy,
      tokens.shared,
      tokens.unshared,
      rate.shared.toFixed(1),
      rate.unshared.toFixed(1),
      speedup.toFixed(2),
      pairs.map((pair) => pair.toFixed(2)).join(' '),
      largestDifference.toExponential(1),
    ])
  }
  return table.toString()
}

function busyTable(rows: BusyBench[]): string {
  const table = new Table({ head: ['HellaSwag', 'documents', 'seconds', 'adapter busy'] })
  for (const { policy, documents, seconds, busy } of rows) {
    table.push([
      policy,
      documents,
      seconds.toFixed(1),
      busy === null ? 'no clock' : `${(100 * busy).toFixed(1)} %`,
    ])
  }
  return table.toString()
}

function scoringTable(rows: readonly ScoringRow[]): string {
  const table = new Table({
    head: ['HellaSwag, GPT-2 small', 'requests/s', 'over dense', 'largest |dlogprob|'],
  })
  for (const { name, rate, difference } of rows) {
    const off = difference === null ? '' : difference.toExponential(1)
    table.push([name, rate.toFixed(2), (rate / rows[0].rate).toFixed(2), off])
  }
  return table.toString()
}

function trainingTable(rows: TrainingBench[]): string {
  const table = new Table({
    head: [
      'training',
      'tokens',
      'step, s',
      'tokens/s',
      'of peak',
      'forward, s',
      'step / forward',
      'to rival',
    ],
  })
  for (const { rule, tokens, ctx, step, forward, tokensPerSecond, ofPeak, ratio, overRival } of rows) {
    table.push([
      rule,
      `${tokens / ctx} x ${ctx}`,
      step.toFixed(2),
      tokensPerSecond.toFixed(0),
      `${(100 * ofPeak).toFixed(0)} %`,
      forward.toFixed(2),
      ratio.toFixed(2),
      overRival === null ? '' : overRival.toFixed(2),
    ])
  }
  return `${table}\n"step / forward": medians of steps over those of scoring the same tokens, in turns.`
}
