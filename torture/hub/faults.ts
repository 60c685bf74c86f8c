/** What a server, a proxy or a cable can do to an answer: each kind draws its own offsets and lengths. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { PythonRandom } from '../../src/stats/python-random.js'
import type { Mishap } from '../../test/data/hub/server.js'

export interface Kind {
  name: string
  /** `elsewhere`: a host that is not the Hub's. */
  draw(random: PythonRandom, elsewhere: string): Mishap
}

/** Writes bytes to the connection as they are, and ends it. */
const raw = (text: string | Buffer): Mishap => ({
  answer: ({ socket }: IncomingMessage) => void socket.end(text),
})

const head = (lines: readonly string[], status = '200 OK'): string =>
  [`HTTP/1.1 ${status}`, 'Content-Type: application/json', ...lines, '', ''].join('\r\n')

const withLength = (length: string | number, body: string): Mishap =>
  raw(`${head([`Content-Length: ${length}`])}${body}`)

/** Goes on for ever with the same piece, until the reader leaves. */
const endless = (piece: string, lines: readonly string[] = []): Mishap => ({
  answer({ socket }: IncomingMessage) {
    socket.write(head(['Transfer-Encoding: chunked', ...lines]))
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`
    const send = (): void => {
      while (!socket.destroyed && socket.write(chunk));
      if (!socket.destroyed) socket.once('drain', send)
    }
    send()
  },
})

/** A list whose next page is where `next` says, time and again. */
const pages = (next: (request: IncomingMessage, count: number) => string): Mishap => {
  let count = 0
  return {
    answer(request: IncomingMessage, response: ServerResponse) {
      count += 1
      response.setHeader('link', `<${next(request, count)}>; rel="next"`)
      response.setHeader('content-type', 'application/json').end('[]')
    },
  }
}

const here = ({ headers, url }: IncomingMessage): string => `http://${headers.host}${url}`

const HTML = '<!DOCTYPE html><html><body>Please log in to the network of this hotel</body></html>'
const WAITS = [
  '0',
  '-5',
  '1.5',
  '9'.repeat(400),
  '99999999999',
  'soon',
  'in 2099',
  '',
  'Fri, 31 Dec 9999 23:59:59 GMT',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  '300',
  '0x10',
  '1e3',
]
const LENGTHS = ['-1', '0', '1', '99999999', '1e9', '9007199254740993', '9'.repeat(30), '10, 20', 'many', '']
const LOCATIONS = [
  '',
  '//',
  'http://',
  'file:///etc/passwd',
  'data:application/json,{}',
  'javascript:0',
  'http://127.0.0.1:1/',
  'http://[::1',
  '?',
  'http://user:word@127.0.0.1:1/',
  `/${'a'.repeat(20_000)}`,
]
const RANGES = [
  '',
  'bytes',
  'bytes */3000000',
  'bytes 1-2/3',
  'bytes 0-0/1',
  'bytes -5--1/3',
  'bytes 99999999999-99999999999/3000000',
  'items 0-9/10',
  'bytes 9-0/10',
]
const BODIES = [
  '',
  '{',
  '[',
  'null',
  '[null]',
  '[{}]',
  '{"error":"no"}',
  '[[[[',
  '"',
  '0',
  '[{"type":"file","path":1}]',
  '{"sha":7}',
  '\u0000',
  '\ufeff[]',
  HTML,
]

const one = <T>(random: PythonRandom, list: readonly T[]): T => list[random.below(list.length)]

export const KINDS: readonly Kind[] = [
  { name: 'redirect to another host', draw: (_random, elsewhere) => ({ redirect: `${elsewhere}/stolen` }) },
  {
    name: 'redirect to itself',
    draw: () => ({
      answer: (request, response) => void response.writeHead(302, { location: here(request) }).end(),
    }),
  },
  { name: 'redirect to nonsense', draw: (random) => ({ redirect: one(random, LOCATIONS) }) },
  {
    name: 'redirect without an address',
    draw: (random) => ({ status: one(random, [300, 301, 302, 303, 304, 307, 308]) }),
  },
  {
    name: 'another Content-Length',
    draw: (random) => withLength(one(random, LENGTHS), one(random, [HTML, '[]', '{}'])),
  },
  { name: 'two lengths', draw: () => raw(`${head(['Content-Length: 5', 'Content-Length: 7'])}[]     `) },
  {
    name: 'length and chunks',
    draw: () => raw(`${head(['Content-Length: 2', 'Transfer-Encoding: chunked'])}zz\r\n`),
  },
  { name: 'a page of HTML', draw: () => ({ page: HTML }) },
  { name: 'a body of another form', draw: (random) => ({ page: one(random, BODIES) }) },
  {
    name: 'an empty success',
    draw: (random) => ({ status: one(random, [201, 202, 204, 205, 206, 226]), body: '' }),
  },
  {
    name: 'a part from nowhere',
    draw: (random) => ({
      status: 206,
      body: 'x'.repeat(random.below(4000)),
      headers: { 'content-range': one(random, RANGES) },
    }),
  },
  { name: 'a part from another place', draw: () => ({ wrongRange: true }) },
  { name: 'no ranges, and cut', draw: (random) => ({ noRanges: true, cut: random.random() }) },
  { name: 'cut', draw: (random) => ({ cut: random.random() }) },
  { name: 'cut before the last byte', draw: () => ({ cut: 0.999_999_9 }) },
  { name: 'silent from the beginning', draw: () => ({ stall: 0 }) },
  { name: 'silent in the middle', draw: (random) => ({ stall: random.random() }) },
  { name: 'silent before the last byte', draw: () => ({ stall: 0.999_999_9 }) },
  { name: 'too few bytes', draw: (random) => ({ short: random.random() }) },
  { name: 'too many bytes', draw: () => ({ long: true }) },
  { name: 'other bytes', draw: () => ({ garble: true }) },
  {
    name: 'another ETag',
    draw: (random) => ({
      etag: one(random, ['', '"', `"${'0'.repeat(64)}"`, 'W/"x"', '../../x', `"${'a'.repeat(5000)}"`]),
    }),
  },
  { name: 'reset', draw: () => ({ reset: true }) },
  {
    name: 'reset after a few bytes of the head',
    draw: (random) => raw(head(['Content-Length: 2']).slice(0, random.below(60))),
  },
  {
    name: 'no HTTP',
    draw: (random) =>
      raw(
        one(random, [
          'SSH-2.0-OpenSSH_9.6\r\n',
          '\u0000\u0001\u0002',
          'HTTP/9.9 200 OK\r\n\r\n',
          'HTTP/1.1 99999 X\r\n\r\n',
          'HTTP/1.1 101 Switching Protocols\r\n\r\n',
          '\r\n'.repeat(99),
        ]),
      ),
  },
  { name: 'a head without end', draw: () => raw(`HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(40_000)}`) },
  {
    name: 'busy',
    draw: (random) => ({ status: one(random, [408, 425, 429, 500, 502, 503, 504, 520, 599]) }),
  },
  {
    name: 'busy, with an odd Retry-After',
    draw: (random) => ({ status: one(random, [429, 503]), headers: { 'retry-after': one(random, WAITS) } }),
  },
  {
    name: 'refused',
    draw: (random) => ({
      status: one(random, [400, 401, 403, 404, 405, 410, 416, 418, 451, 501]),
      body: HTML,
    }),
  },
  {
    name: 'gzip that is cut',
    draw: (random) => {
      const bytes = gzipSync(JSON.stringify(Array(100).fill({ type: 'file', path: 'config.json' })))
      return raw(
        Buffer.concat([
          Buffer.from(head(['Content-Encoding: gzip', 'Connection: close'])),
          bytes.subarray(0, random.below(bytes.length)),
        ]),
      )
    },
  },
  {
    name: 'gzip that is none',
    draw: () => raw(`${head(['Content-Encoding: gzip', 'Content-Length: 2'])}[]`),
  },
  {
    name: 'an answer without end',
    draw: (random) =>
      endless(
        one(random, [
          ' '.repeat(60_000),
          '['.repeat(60_000),
          '[{"type":"directory","path":"a"},'.repeat(2000),
        ]),
      ),
  },
  { name: 'a page that leads to itself', draw: () => pages(here) },
  {
    name: 'pages without end',
    draw: () => pages((request, count) => `${here(request).split('?')[0]}?cursor=${count}`),
  },
  { name: 'pages elsewhere', draw: (_random, elsewhere) => pages(() => `${elsewhere}/stolen`) },
  {
    name: 'pages nowhere',
    draw: (random) =>
      pages(() =>
        one(random, [
          'http://',
          'http://user:word@127.0.0.1:1/',
          'https://127.0.0.1:1/',
          'http://\u00fc:99999/',
        ]),
      ),
  },
]
