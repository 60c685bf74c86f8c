/** Token and position embedding, forward and backward. Gradients go by lists of which rows read an entry, so that sums have one order. */
import type { DeviceBuffer } from '../compute/device.js'
import type { Memory } from '../compute/memory.js'
import { TABLE_SLICE } from '../kernels/structs.js'
import type { BlockContext } from './block-context.js'
import type { SharedBuffers } from './buffers.js'
import type { ModelParams, ParamBuffers } from './parameters.js'
import type { MicroBatch } from './types.js'

/** A row that predicts nothing. */
const NONE = 0xffffffff

/** Rows by what they read: entries ascending, the rows of each ascending. */
export interface Uses {
  /** (entries, 4): entry, first index in `order`, number of rows, 0. */
  uses: Uint32Array
  order: Uint32Array
}

/** @param entries what each row reads */
export function usesOf(entries: Uint32Array): Uses {
  const order = Uint32Array.from(entries.keys()).sort((a, b) => entries[a] - entries[b] || a - b)
  const uses: number[] = []
  order.forEach((row, at) => {
    if (at > 0 && entries[order[at - 1]] === entries[row]) uses[uses.length - 2]++
    else uses.push(entries[row], at, 1, 0)
  })
  return { uses: Uint32Array.from(uses), order }
}

/** What the dispatches of a micro-batch need to know of its inputs. */
export interface Inputs {
  /** Distinct tokens, and positions. */
  tokenUses: number
  positionUses: number
}

/** @throws RangeError unless there are B sequences of T tokens of the vocabulary */
export function writeInputs(
  memory: Memory,
  {
    shared,
    sequences,
    T,
    vocabSize,
  }: { shared: SharedBuffers; sequences: number; T: number; vocabSize: number },
  { tokens, shifts }: MicroBatch,
): Inputs {
  const N = sequences * T
  if (tokens.length !== N) throw new RangeError(`micro-batch: must have ${N} tokens, got ${tokens.length}`)
  const beyond = tokens.find((token) => token >= vocabSize)
  if (beyond !== undefined) throw new RangeError(`micro-batch: tokens are below ${vocabSize}, got ${beyond}`)
  const positions = Uint32Array.from(tokens, (_, row) => row % T)
  memory.write(
    shared.tokens,
    Uint32Array.from({ length: 2 * N }, (_, i) => (i % 2 === 0 ? tokens[i / 2] : positions[(i - 1) / 2])),
  )
  memory.write(
    shared.targets,
    Uint32Array.from(tokens, (_, row) => (positions[row] === T - 1 ? NONE : tokens[row + 1])),
  )
  memory.write(
    shared.shifts,
    Float32Array.from({ length: sequences }, (_, s) => shifts?.[s] ?? 0),
  )
  const byToken = usesOf(tokens)
  const byPosition = usesOf(positions)
  memory.write(shared.tokenUses, byToken.uses)
  memory.write(shared.tokenOrder, byToken.order)
  memory.write(shared.positionUses, byPosition.uses)
  memory.write(shared.positionOrder, byPosition.order)
  return { tokenUses: byToken.uses.length / 4, positionUses: byPosition.uses.length / 4 }
}

/** Tokens -> `to` (N, C), one slice of the token table after the other. */
export function embed(
  { recorder, buffers, sequences, tokens: T }: BlockContext,
  model: ModelParams,
  to: DeviceBuffer,
): void {
  const C4 = recorder.config.nEmbd / 4
  for (const { first, columns, table } of model.tokens) {
    recorder.dispatch(
      { kernel: 'embedding-rows', constants: { C4, WORKGROUP: recorder.lanes } },
      [
        buffers.shared.tokens,
        table.weight,
        model.positions.weight,
        to,
        recorder.struct(TABLE_SLICE, { first, count: columns }),
      ],
      [Math.ceil(C4 / recorder.lanes), sequences * T],
    )
  }
}

/** dx -> gradients of both tables. */
export function embedBackward(
  { recorder, buffers: { shared } }: BlockContext,
  model: ModelParams,
  inputs: Inputs,
): void {
  const { dx, tokenUses, tokenOrder, positionUses, positionOrder } = shared
  const C4 = recorder.config.nEmbd / 4
  const scatter = (
    { trained }: ParamBuffers,
    uses: readonly [DeviceBuffer, DeviceBuffer],
    count: number,
    slice: { first: number; columns: number },
  ): void => {
    if (trained === null) return
    recorder.dispatch(
      { kernel: 'embedding-backward', constants: { C4, WORKGROUP: recorder.lanes } },
      [
        dx,
        ...uses,
        trained.gradient,
        recorder.struct(TABLE_SLICE, { first: slice.first, count: slice.columns }),
      ],
      [Math.ceil(C4 / recorder.lanes), count],
    )
  }
  for (const slice of model.tokens) scatter(slice.table, [tokenUses, tokenOrder], inputs.tokenUses, slice)
  const all = { first: 0, columns: recorder.config.nPositions }
  scatter(model.positions, [positionUses, positionOrder], inputs.positionUses, all)
}
