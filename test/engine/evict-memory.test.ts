/** What an evicting kernel declares for a workgroup fits into the memory that was planned with, down to the 16 KiB that WebGPU promises. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AS_GPT2 } from '../../src/engine/gpt2/config.js'
import { ShaderFiles } from '../../src/engine/gpu/shader.js'
import { EVICTING, type EvictingKind, sizedRule } from '../../src/engine/policies/index.js'
import { evictionSpec, mostPositions } from '../../src/engine/policies/scores.js'

const test = suite('memory of evicting')

const files = new ShaderFiles()
const CONFIG = { nPositions: 1 << 20, nEmbd: 128, nHead: 2, ...AS_GPT2 }

/** Bytes of `var<workgroup>`, of which each value has four. */
function declared(code: string, constants: Readonly<Record<string, number>>): number {
  const numbers = new Map(
    [...code.matchAll(/^(?:override|const) (\w+)(?:: u32)? = (\d+)u?;/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  )
  for (const [name, value] of Object.entries(constants)) numbers.set(name, value)
  const sizeOf = (text: string): number =>
    text
      .split('*')
      .map((factor) => numbers.get(factor.trim()) ?? Number(factor.replace(/u$/, '')))
      .reduce((product, factor) => product * factor, 1)
  const variables = [...code.matchAll(/^var<workgroup> \w+: (?:array<\w+, ([^>]+)>|\w+);/gm)]
  return 4 * variables.reduce((sum, [, length]) => sum + (length === undefined ? 1 : sizeOf(length)), 0)
}

for (const workgroupBytes of [16_384, 32_768, 49_152]) {
  test(`of ${workgroupBytes} bytes what the kernels declare is within them, and nearly all`, () => {
    for (const kind of Object.keys(EVICTING) as EvictingKind[]) {
      const rule = sizedRule(kind, EVICTING[kind].least)
      for (const at of [{ keys: 'batch' }, { keys: 'cache', dtype: 'f32' }] as const) {
        for (const lanes of [32, 64, 128]) {
          const spec = evictionSpec(rule, at, CONFIG, lanes, workgroupBytes)
          const bytes = declared(files.read(spec).code, spec.constants as Record<string, number>)
          const label = `${kind} in a ${at.keys}, ${lanes} lanes`
          assert.ok(bytes > 0 && bytes <= workgroupBytes, `${label}: ${bytes} bytes`)
          assert.is(mostPositions(rule, at.keys, { lanes, workgroupBytes }) % lanes, 0)
          // Another position for each lane would not fit.
          assert.ok(
            bytes + 4 * 5 * lanes + 16 > workgroupBytes - 4 * 4 * lanes,
            `${label}: only ${bytes} bytes`,
          )
        }
      }
    }
  })
}

test.run()
