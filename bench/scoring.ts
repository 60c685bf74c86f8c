/** HellaSwag on the shapes of GPT-2 small, beside lm-evaluation-harness on PyTorch with the same weights and requests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gpt2Tensors } from '../src/data/gpt2-names.js'
import { type RandomModel, randomModel } from '../src/data/random-model.js'
import { encodeSafetensors, type TensorBytes } from '../src/data/safetensors.js'
import { Engine } from '../src/engine/engine.js'
import { required } from '../src/engine/gpt2/read-tensor.js'
import type { DropRule } from '../src/engine/rules.js'
import { prepareRun } from '../src/eval/prepare-run.js'
import { scoreRequests } from '../src/eval/score.js'
import { calibrate, REQUESTS } from '../src/pruning/calibrate.js'
import { BATCH_TOKENS } from '../src/run/batch-tokens.js'
import type { RunDevice } from '../src/run/open-model.js'
import { median } from '../src/stats/basics.js'
import type { Request } from '../src/suites/request.js'
import type { Rival } from './rival.js'

export interface ScoringRow {
  /** `dense`, or the share removed, or the rival's batch size. */
  name: string
  /** Requests per second, median. */
  rate: number
  /** Largest difference of a log-probability from asp's dense one; null where it is that or another rule. */
  difference: number | null
}

export interface ScoringOptions {
  documents?: number
  model?: string
  repetitions?: number
  /** Starts lm-eval on a checkpoint's folder and a file of requests. */
  rival?: (folder: string, requests: string) => Promise<Rival>
}

/** lm-eval's batch sizes; the best of them on the first documents is timed on all. */
const BATCHES = [1, 4, 16]
const TRIED = 10
const SPARSITY = 0.8

export async function benchScoring(
  { device, lost, adapter }: RunDevice,
  { documents = 100, model: name = 'random:gpt2', repetitions = 2, rival: start }: ScoringOptions = {},
): Promise<ScoringRow[]> {
  const model = randomModel(name, 1)
  const requests = await gpt2Requests(documents)
  const folder = await mkdtemp(join(tmpdir(), 'asp-scoring-'))
  const engine = await Engine.open(model.config, model.tensors, { device, lost, adapter, dtype: 'f32' })
  let rival: Rival | undefined
  try {
    if (start !== undefined) {
      await writeCheckpoint(folder, model)
      await writeFile(join(folder, 'requests.json'), JSON.stringify(requests.map(halves)))
      rival = await start(folder, join(folder, 'requests.json'))
    }
    const limits = { tokens: BATCH_TOKENS[adapter.kind], requests: Number.POSITIVE_INFINITY }
    const { shift } = await calibrate(
      engine,
      requests.map(({ input }) => ({ tokens: input })),
      { sparsity: SPARSITY, seed: 1, sample: REQUESTS },
    )
    const score = async (rule: DropRule, first: number): Promise<Sample> => {
      const began = performance.now()
      const logprobs: number[] = []
      for await (const batch of scoreRequests(engine, requests.slice(0, first), { rule, limits })) {
        for (const one of batch) logprobs.push(one.score.logprob)
      }
      return { seconds: (performance.now() - began) / 1000, logprobs }
    }
    const works: Work[] = [
      { name: 'asp, dense', run: (first) => score({ kind: 'dense' }, first) },
      {
        name: `asp, ${SPARSITY} removed`,
        pruned: true,
        run: (first) => score({ kind: 'adaptive', shift }, first),
      },
    ]
    const rivals = (rival === undefined ? [] : BATCHES).map(
      (batch): Work => ({
        name: `${rival?.library}, batch ${batch}`,
        run: async (first) => (await rival?.answer({ batch, first })) as unknown as Sample,
      }),
    )
    const some = requests.filter(({ doc }) => doc < TRIED).length
    const best = await fastest(rivals, some)
    // The first runs of all compile, or fill caches.
    for (const { run } of works) await run(some)
    return await inTurns(best === undefined ? works : [...works, best], requests.length, repetitions)
  } finally {
    rival?.close()
    engine.close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Work {
  name: string
  /** Scores otherwise on purpose: held against nothing. */
  pruned?: boolean
  /** Scores the first requests. */
  run(first: number): Promise<Sample>
}

interface Sample {
  seconds: number
  logprobs: number[]
}

function largestDifference({ logprobs }: Sample, other: Sample): number {
  return Math.max(...logprobs.map((value, i) => Math.abs(value - other.logprobs[i])))
}

/** Each twice, the second time counts; undefined of none. */
async function fastest(works: readonly Work[], first: number): Promise<Work | undefined> {
  let best: { work: Work; seconds: number } | undefined
  for (const work of works) {
    await work.run(first)
    const { seconds } = await work.run(first)
    if (best === undefined || seconds < best.seconds) best = { work, seconds }
  }
  return best?.work
}

async function inTurns(works: readonly Work[], requests: number, repetitions: number): Promise<ScoringRow[]> {
  const timed = works.map((work) => ({ work, samples: [] as Sample[] }))
  for (let i = 0; i < repetitions; i++) {
    for (const { work, samples } of timed) samples.push(await work.run(requests))
  }
  const [dense] = timed
  return timed.map((one) => ({
    name: one.work.name,
    rate: requests / median(one.samples.map(({ seconds }) => seconds)),
    difference: one === dense || one.work.pruned ? null : largestDifference(one.samples[0], dense.samples[0]),
  }))
}

/** Cut by the bundled tokenizer, whose ids are all in GPT-2's vocabulary: somewhat more tokens than GPT-2's own. */
async function gpt2Requests(limit: number): Promise<Request[]> {
  const { tasks } = await prepareRun({
    suites: ['hellaswag'],
    data: 'sample',
    dtype: 'auto',
    limit,
    seed: 1234,
  })
  return tasks[0].requests
}

/** Context and continuation, as lm-eval puts them together again. */
function halves({ input, targets }: Request): [number[], number[]] {
  const all = [...input, targets[targets.length - 1]]
  return [all.slice(0, all.length - targets.length), [...targets]]
}

/** What `transformers` reads; interaction weights are no part of GPT-2. */
async function writeCheckpoint(folder: string, { config, tensors }: RandomModel): Promise<void> {
  const files = new Map<string, TensorBytes>()
  for (const { name } of gpt2Tensors({ ...config, interaction: null })) {
    const tensor = required(tensors, name)
    files.set(`transformer.${name}`, { dtype: 'F32', shape: [...tensor.shape], bytes: await tensor.read() })
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(files, { format: 'pt' }))
  const { vocabSize, nPositions, nEmbd, nLayer, nHead, nInner, layerNormEpsilon } = config
  const keys = {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    vocab_size: vocabSize,
    n_positions: nPositions,
    n_embd: nEmbd,
    n_layer: nLayer,
    n_head: nHead,
    n_inner: nInner,
    layer_norm_epsilon: layerNormEpsilon,
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(keys))
}
