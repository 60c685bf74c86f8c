/** Which of a slot's rows a step drops, and when: drop scores, positions, or a budget; each writes death times and live rows. */
import type { ComputePass, DeviceBuffer, KernelSpec, Slice } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { Uniforms } from '../compute/uniforms.js'
import { type GateConfig, type Gpt2Config, interactionConstants } from '../gpt2/config.js'
import { gateConstants } from '../gpt2/gate.js'
import type { WeightDtype } from '../matmul.js'
import { type EvictingRule, isEvicting, isStatic, type StaticRule, staticDeaths } from '../policies/index.js'
import {
  budgetOf,
  checkDecoding,
  checkEviction,
  evictionSpec,
  importanceWords,
  scoreBindings,
  sumWords,
} from '../policies/scores.js'
import type { DecodeRule } from '../rules.js'
import type { CacheContext, LayerView, StepRows } from './cache-scheme.js'
import { type CacheShape, PAGE } from './layout.js'

/** A layer of the cache, and the death times of all. */
export interface DecidingLayer extends LayerView {
  layer: number
  /** (L, B, n_positions) */
  deaths: DeviceBuffer
}

export interface Decider {
  /** Of a layer's rows, the step's own among them, of which no slot has more than `bound`. */
  decide(pass: ComputePass, view: DecidingLayer, step: StepRows, bound: number): void
  free(): void
}

export function decider(
  memory: Memory,
  context: CacheContext,
  shape: CacheShape,
  { rule, dtype }: { rule: DecodeRule; dtype: WeightDtype },
): Decider {
  if (isEvicting(rule)) return byBudget(memory, context, shape, rule, dtype)
  if (isStatic(rule)) return byPosition(memory, context, shape, rule)
  const { selective, gate } = context.config
  if (selective) return bySelection(memory, context, shape)
  return gate === null ? byScore(context, rule) : byGate(context, gate)
}

/** The checkpoint's own drop scores, or a hash in their slot. */
function byScore({ kernels, config, tuning }: CacheContext, rule: DecodeRule): Decider {
  const isSynthetic = rule.kind === 'synthetic'
  const spec: KernelSpec = {
    kernel: 'cache-score',
    constants: {
      WORKGROUP: Math.min(tuning.lanes, PAGE),
      ...interactionConstants(config),
      ...(isSynthetic && { GRACE: 0 }),
      SYNTHETIC: Number(isSynthetic),
      IMMORTAL: isSynthetic ? 1 - rule.sparsity : 1,
    },
  }
  return {
    decide: (pass, { interactionKeys, state, deaths, uniform }, step, bound) => {
      const bindings = [step.interaction, interactionKeys, state, deaths, step.spans, step.tokens, uniform]
      kernels.dispatch(pass, spec, bindings, [Math.ceil(bound / PAGE), step.spanCount])
    },
    free: () => {},
  }
}

/** A gate gives the step's own rows their death times; those of older rows are known. */
function byGate({ kernels, tuning }: CacheContext, gate: GateConfig): Decider {
  const spec: KernelSpec = {
    kernel: 'cache-gate',
    constants: { WORKGROUP: Math.min(tuning.lanes, PAGE), ...gateConstants(gate) },
  }
  return {
    decide: (pass, { state, deaths, uniform }, step, bound) => {
      const bindings = [step.interaction, state, deaths, step.spans, step.tokens, uniform]
      kernels.dispatch(pass, spec, bindings, [Math.ceil(bound / PAGE), step.spanCount])
    },
    free: () => {},
  }
}

/** What was selected of keys is kept from step to step, and what is left of them written for the step's attention. */
function bySelection(
  memory: Memory,
  { kernels, config, tuning }: CacheContext,
  { slots, nPositions }: CacheShape,
): Decider {
  const sums = memory.storage(
    'cache',
    'what is selected of keys',
    selectionBytes(config.nLayer * slots * nPositions),
  )
  const spec: KernelSpec = {
    kernel: 'cache-select',
    constants: { WORKGROUP: Math.min(tuning.lanes, PAGE) },
  }
  return {
    decide: (pass, { interactionKeys, state, deaths, uniform }, step, bound) => {
      const { interaction, spans, tokens, masks } = step
      const bindings = [interaction, interactionKeys, state, deaths, spans, tokens, sums, masks, uniform]
      kernels.dispatch(pass, spec, bindings, [Math.ceil(bound / PAGE), step.spanCount])
    },
    free: () => memory.free(sums),
  }
}

/** Bytes that selective attention remembers from step to step, `entries` being layers times slots times positions. */
export const selectionBytes = (entries: number): number => 4 * entries

/** Death times are known beforehand, for the longest sequence there can be. */
function byPosition(
  memory: Memory,
  { kernels, tuning }: CacheContext,
  { nPositions }: CacheShape,
  rule: StaticRule,
): Decider {
  const times = memory.upload('cache', 'death times of a static policy', staticDeaths(rule, nPositions))
  const spec: KernelSpec = {
    kernel: 'cache-static',
    constants: { WORKGROUP: Math.min(tuning.lanes, PAGE) },
  }
  return {
    decide: (pass, { state, deaths, uniform }, step, bound) => {
      const bindings = [times, state, deaths, step.spans, step.tokens, uniform]
      kernels.dispatch(pass, spec, bindings, [Math.ceil(bound / PAGE), step.spanCount])
    },
    free: () => memory.free(times),
  }
}

/** Bytes that an evicting policy remembers from step to step, `entries` being layers times slots times positions. */
export function evictionBytes(
  config: Pick<Gpt2Config, 'nLayer' | 'nHead' | 'nEmbd'>,
  rule: EvictingRule,
  entries: number,
  slots: number,
): { importances: number; sums: number } {
  const sums = config.nLayer * slots * sumWords([rule], config)
  return { importances: 4 * entries * importanceWords([rule], config), sums: 4 * sums }
}

/** The importance of keys is kept from step to step. */
function byBudget(
  memory: Memory,
  { kernels, config, tuning, workgroupBytes }: CacheContext,
  { slots, nPositions }: CacheShape,
  rule: EvictingRule,
  dtype: WeightDtype,
): Decider {
  checkDecoding(rule)
  checkEviction(rule, nPositions, 'cache', { lanes: tuning.lanes, workgroupBytes })
  const { nLayer: L } = config
  const entries = L * slots * nPositions
  const bytes = evictionBytes(config, rule, entries, slots)
  const importances = memory.storage('cache', 'importance of keys', bytes.importances)
  const sums = memory.storage('cache', 'sums over queries or keys', bytes.sums)
  const uniforms = new Uniforms(memory)
  const budgets: Slice[] = uniforms.write(
    Array.from({ length: L }, (_, layer) => budgetOf(rule, config, { layer, entries })),
  )
  const spec = evictionSpec(rule, { keys: 'cache', dtype }, config, tuning.lanes, workgroupBytes)
  return {
    decide: (pass, { layer, keys, values, state, deaths, uniform }, { spans, tokens, qkv, spanCount }) => {
      const given = { rows: qkv, keys, values, sums }
      const bindings = [
        ...[state, deaths, spans, tokens, uniform, budgets[layer], importances],
        ...scoreBindings(rule, given),
      ]
      kernels.dispatch(pass, spec, bindings, [spanCount])
    },
    free: () => {
      memory.free(importances)
      memory.free(sums)
      uniforms.free()
    },
  }
}
