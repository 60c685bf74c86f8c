/** Random weights: the sizes of the released models, GPT-2's initial scales, the same numbers for the same seed. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isRandomModel, randomModel } from '../../src/data/random-model.js'

const SMALL = 'random:128x2'
const test = suite('random model')

/** Parameters of the released checkpoint, and L (2 C r + 1) of the interaction weights. */
const PARAMETERS: [spec: string, released: number, width: number, layers: number][] = [
  ['random:gpt2', 124_439_808, 768, 12],
  ['random:gpt2-medium', 354_823_168, 1024, 24],
  ['random:gpt2-large', 774_030_080, 1280, 36],
  ['random:gpt2-xl', 1_557_611_200, 1600, 48],
]
for (const [spec, released, width, layers] of PARAMETERS) {
  test(`${spec} has the size of the released model, and interaction weights`, () => {
    const { parameters, bytes, config } = randomModel(spec, 1)
    assert.is(parameters, released + layers * (2 * width * 64 + 1))
    assert.is(bytes, 4 * parameters)
    assert.equal(config.interaction, { dim: 64, propagateInDepth: false, grace: 0 })
  })
}

for (const bad of ['random:', 'random:gpt3', 'random:100x2', 'random:64x0', 'random:0x2', 'random:64x1000']) {
  test(`refuses ${bad}`, () => {
    assert.throws(() => randomModel(bad, 1), /^--model: must name a size of random weights/)
  })
}

test('only what begins with random: is one', () => {
  assert.equal([SMALL, 'gpt2', './random:gpt2', undefined].map(isRandomModel), [true, false, false, false])
})

async function read(name: string, seed = 7): Promise<Float32Array> {
  const tensor = randomModel(SMALL, seed).tensors.get(name)
  assert.ok(tensor !== undefined, name)
  const bytes = await tensor.read()
  assert.is(bytes.byteLength, 4 * tensor.shape.reduce((total, extent) => total * extent, 1))
  return new Float32Array(bytes.buffer)
}

/** Mean and standard deviation that GPT-2 begins its training with. */
const MOMENTS: [name: string, deviation: number][] = [
  ['wte.weight', 0.02],
  ['wpe.weight', 0.01],
  ['h.1.attn.c_attn.weight', 0.02],
  ['h.1.attn.c_proj.weight', 0.01],
  ['h.0.mlp.c_proj.weight', 0.01],
  ['h.0.attn.q_int.weight', 0.02],
]
test('matrices are normal with mean 0 and the deviation of GPT-2', async () => {
  for (const [name, deviation] of MOMENTS) {
    const values = await read(name)
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length
    const second = values.reduce((sum, x) => sum + x * x, 0) / values.length
    const fourth = values.reduce((sum, x) => sum + x ** 4, 0) / values.length
    assert.ok(Math.abs(mean) < (5 * deviation) / Math.sqrt(values.length), `${name}: mean ${mean}`)
    assert.ok(Math.abs(Math.sqrt(second) / deviation - 1) < 0.02, `${name}: deviation ${Math.sqrt(second)}`)
    assert.ok(Math.abs(fourth / second ** 2 / 3 - 1) < 0.15, `${name}: kurtosis ${fourth / second ** 2}`)
  }
})

test('gains are 1, biases 0', async () => {
  assert.ok((await read('h.0.ln_1.weight')).every((x) => x === 1))
  assert.ok((await read('h.0.ln_1.bias')).every((x) => x === 0))
  assert.ok((await read('h.1.mlp.c_fc.bias')).every((x) => x === 0))
  assert.equal([...(await read('h.1.attn.int_bias'))], [2])
})

test('seeded: the same seed gives the same tensor, another seed or name another', async () => {
  const first = await read('h.0.mlp.c_fc.weight')
  assert.equal(await read('h.0.mlp.c_fc.weight'), first)
  assert.not.equal((await read('h.1.mlp.c_fc.weight')).slice(0, 8), first.slice(0, 8))
  assert.not.equal((await read('h.0.mlp.c_fc.weight', 8)).slice(0, 8), first.slice(0, 8))
})

test.run()
