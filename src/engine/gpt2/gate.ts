/** A gate as the kernels of scoring and decoding take it (docs/method.md, Gates). Pure. */
import type { GateConfig } from './config.js'

/** Constants of gate-death.wgsl. */
export function gateConstants(gate: GateConfig): { DECAYS: number; WINDOW: number } {
  return { DECAYS: Number(gate.method === 'trimkv'), WINDOW: gate.method === 'kvzap' ? gate.window : 0 }
}

/** What a layer's bias is to its drop scores: a score of 0 is the threshold. */
export const gateBeta = (gate: GateConfig, bias: number): number =>
  gate.method === 'kvzap' ? bias - gate.threshold : bias
