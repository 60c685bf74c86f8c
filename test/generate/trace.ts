import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as assert from 'uvu/assert'
import type { TraceDrop, TraceLine, TraceSequence } from '../../src/record/generate/schema.js'

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/asp.trace-1.schema.json', import.meta.url), 'utf8'),
)
const validate = new Ajv2020({ strictTypes: false, allowUnionTypes: true }).compile(schema)

/** The lines, each checked against the schema; their order too: a run, then each text followed by its drops. */
export function checkTrace(lines: readonly TraceLine[]): { sequences: TraceSequence[]; drops: TraceDrop[] } {
  const sequences: TraceSequence[] = []
  const drops: TraceDrop[] = []
  for (const [i, line] of lines.entries()) {
    assert.ok(validate(line), `${JSON.stringify(line)}: ${JSON.stringify(validate.errors)}`)
    assert.is(line.kind === 'run', i === 0)
    if (line.kind === 'sequence') sequences.push(line)
    if (line.kind !== 'drop') continue
    const of = sequences.at(-1)
    assert.is(line.sequence, of?.sequence)
    assert.is(line.token, of?.tokens[line.position])
    assert.is(line.text, of?.texts[line.position])
    assert.is(line.killer_token, of?.tokens[line.killer_position])
    assert.is(line.killer_text, of?.texts[line.killer_position])
    assert.ok(line.killer_position > line.position)
    drops.push(line)
  }
  return { sequences, drops }
}
