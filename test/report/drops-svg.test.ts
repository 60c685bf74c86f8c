/** The drawing of a text's drops: well-formed, and one strip a token and layer, of the level that it was seen. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seenLevel, seenShare } from '../../src/report/drops-figures.js'
import { dropsSvg } from '../../src/report/drops-svg.js'
import { DEATHS, dropsRecord, TEXTS } from '../record/drops-fixture.js'

/** Element names in order; throws where XML is not well-formed. Enough for what has no comments and no CDATA. */
function elements(xml: string): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = []
  const open: string[] = []
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(xml)) throw new Error('no XML')
  let rest = xml.trim()
  while (rest !== '') {
    const text = /^[^<]+/.exec(rest)?.[0] ?? ''
    if (/&(?!(#\d+|amp|lt|gt|quot);)/.test(text)) throw new Error(`stray &: ${text}`)
    rest = rest.slice(text.length)
    if (rest === '') break
    const tag =
      /^<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&(?:#\d+|amp|lt|gt|quot);[^"<&]*)*")*)\s*(\/?)>/i.exec(rest)
    if (tag === null) throw new Error(`not a tag: ${rest.slice(0, 60)}`)
    const [whole, closes, name, attributes, empty] = tag
    if (closes === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`)
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, value])
      if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw new Error(`${whole}: twice`)
      found.push({ name, attributes: Object.fromEntries(pairs) })
      if (empty === '') open.push(name)
    }
    rest = rest.slice(whole.length)
  }
  if (open.length > 0) throw new Error(`left open: ${open}`)
  return found
}

const test = suite('drawing of drops')

test('well-formed, whatever the text is', () => {
  const texts = ['<svg>', ' &', '"\'', ' ]]>', '\n', '', '\u0007', '\ufffe', '\u202e', '日本']
  const deaths = [texts.map((_, j) => (j < 7 ? j + 1 : null))]
  assert.is(elements(dropsSvg(dropsRecord(texts, deaths)))[0].name, 'svg')
  assert.throws(() => elements('<svg><g></svg>'))
})

test('a strip a token and layer', () => {
  const drawn = elements(dropsSvg(dropsRecord()))
  const groups = drawn.flatMap(({ name }, i) => (name === 'g' ? [i] : []))
  assert.is(groups.length, TEXTS.length)
  for (const [at, start] of groups.entries()) {
    const strips = drawn.slice(start + 3, start + 3 + DEATHS.length)
    const levels = DEATHS.map((layer) => `l${seenLevel(seenShare(layer[at], at, TEXTS.length))}`)
    assert.equal(
      strips.map(({ attributes }) => attributes.class),
      levels,
    )
    // One under the other, and inside the drawing.
    assert.is(Number(strips[1].attributes.y) - Number(strips[0].attributes.y), 7)
    assert.ok(Number(strips[1].attributes.y) < Number(drawn[0].attributes.height))
  }
})

test('what became of a token is its title', () => {
  const svg = dropsSvg(dropsRecord())
  assert.ok(
    svg.includes('cat, token 1\nlayer 0: killed by “,” 3, after 2 tokens\nlayer 1: alive at the end'),
    svg,
  )
})

test.run()
