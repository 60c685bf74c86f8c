/** OPT: scored as transformers scores it; what no GPT-2 computes is refused. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openCheckpoint } from '../../src/data/checkpoint.js'
import { decodeSafetensors, encodeHeader } from '../../src/data/safetensors.js'
import { scoreWindows } from '../../src/ppl/score.js'
import { openEngine, openTestDevice } from '../gpu.js'

const FIXTURE = fileURLToPath(new URL('../fixtures/opt', import.meta.url))
const test = suite('OPT')
const folder = mkdtempSync(join(tmpdir(), 'asp-opt-'))
test.after(() => rmSync(folder, { recursive: true }))

/** A copy of the fixture in which config.json has other values. */
function withConfig(name: string, change: object): string {
  const copy = join(folder, name)
  cpSync(FIXTURE, copy, { recursive: true })
  const config = JSON.parse(readFileSync(join(FIXTURE, 'config.json'), 'utf8'))
  writeFileSync(join(copy, 'config.json'), JSON.stringify({ ...config, ...change }))
  return copy
}

test('scores what transformers scores', async () => {
  const { ids, logprobs } = JSON.parse(readFileSync(join(FIXTURE, 'logprobs.json'), 'utf8'))
  const open = await openTestDevice()
  const engine = await openEngine(open, await openCheckpoint(FIXTURE))
  const input = Uint32Array.from(ids)
  const window = { input, firstRow: 0, firstTarget: 1, targets: input.slice(1) }
  let got: number[] = []
  for await (const [[dense]] of scoreWindows(engine, [window], { rules: [], batchTokens: 64 }))
    got = [...dense.logprobs]
  engine.close()
  await open.close()
  assert.is(got.length, logprobs.length)
  for (const [i, value] of got.entries()) assert.ok(Math.abs(value - logprobs[i]) < 1e-5, `${i}: ${value}`)
})

test('what no GPT-2 computes is refused by its key', async () => {
  for (const [name, change, says] of [
    ['after', { do_layer_norm_before: false }, /do_layer_norm_before must be true, got false .*opt-350m/],
    ['last', { _remove_final_layer_norm: true }, /_remove_final_layer_norm must be false, got true/],
    ['width', { word_embed_proj_dim: 16 }, /word_embed_proj_dim must be hidden_size, got 16/],
    ['sizes', { num_hidden_layers: 'two' }, /num_hidden_layers must be a positive whole number, got "two"/],
    ['length', { max_position_embeddings: 18 }, /wpe.weight must have shape \[18,32\], got \[16,32\]/],
  ] as const) {
    const message = await openCheckpoint(withConfig(name, change)).then(String, ({ message }) => message)
    assert.match(message, says)
  }
})

test('queries without keys of their shape are refused', async () => {
  const copy = withConfig('keys', {})
  const tensors = decodeSafetensors(readFileSync(join(FIXTURE, 'model.safetensors')))
  const kept = [...tensors].filter(([name]) => !name.endsWith('layers.1.self_attn.k_proj.weight'))
  const bytes = [encodeHeader(kept, {}), ...kept.map(([, tensor]) => tensor.bytes)]
  writeFileSync(join(copy, 'model.safetensors'), Buffer.concat(bytes))
  const message = await openCheckpoint(copy).then(String, ({ message }) => message)
  assert.match(
    message,
    /tensor layers.1.self_attn.k_proj.weight must be F16 \[32,32\] as q_proj is, got none/,
  )
})

test.run()
