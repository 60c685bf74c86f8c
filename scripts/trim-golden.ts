/**
 * Made test/fixtures/golden/micro/forward.safetensors, once, from the golden run's file: the
 * n x n matrices of the soft runs are left out.
 *
 *     node --import tsx scripts/trim-golden.ts <forward.safetensors> test/fixtures/golden/micro/forward.safetensors
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { decodeSafetensors, encodeSafetensors } from '../src/engine/safetensors.js'

const KEPT = [/^input_ids$/, /\.logits$/, /^alpha_inf\./]

const [from, to] = process.argv.slice(2)
const tensors = [...decodeSafetensors(readFileSync(from))]
writeFileSync(
  to,
  encodeSafetensors(new Map(tensors.filter(([name]) => KEPT.some((kept) => kept.test(name))))),
)
