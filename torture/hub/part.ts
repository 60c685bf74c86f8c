/**
 * The part of the harness that is a bad Hub. Every try puts one to three faults in the way of a fetch into a cache that holds another
 * repository already; then the Hub is well again, and the same fetch has to succeed. All in one process, where no wait is waited.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fetchDataset } from '../../src/data/hub/hub.js'
import { type PythonRandom, pythonRandom } from '../../src/stats/python-random.js'
import { COMMIT, TOKEN, testRepos } from '../../test/data/hub/fixture.js'
import { type Fault, type HubServer, startHub } from '../../test/data/hub/server.js'
import type { Broken, TortureOptions, TorturePart, TortureRow } from '../part.js'
import { KINDS, type Kind } from './faults.js'
import { fetchOnce } from './fetch-once.js'
import { LISTINGS, type Listing } from './listings.js'
import { brokenPromises, type Tried } from './promises.js'

/** Each takes a tenth of a second. */
const MOST_TRIES = 1000

/** What is asked of the Hub in a fetch, in order: its faults hit these. */
const PLACES: readonly string[] = [
  'hub/api/datasets/someone/large/revision/',
  'hub/api/datasets/someone/large/tree/',
  `hub/datasets/someone/large/resolve/${COMMIT}/large.bin`,
  `store/datasets/someone/large/resolve/${COMMIT}/large.bin`,
  `hub/datasets/someone/large/resolve/${COMMIT}/small.txt`,
]

interface Elsewhere {
  url: string
  tokens: (string | undefined)[]
  close(): void
}

const hub: TorturePart = {
  name: 'hub',
  async run(options) {
    const server = await startHub(await testRepos())
    const elsewhere = await startElsewhere()
    try {
      const well = join(options.folder, 'well')
      await fetchDataset('someone/rows', 'main', /./, { settings: settingsOf(server, well) })
      const rows = new Map<string, TortureRow & { tries: number; broken: Broken[] }>()
      const tries = Math.min(MOST_TRIES, options.count)
      const numbers = options.only === undefined ? Array.from({ length: tries }, (_, i) => i) : [options.only]
      for (const number of numbers) {
        const { target, how, what } = await tryOnce(number, { server, elsewhere, well, options })
        const row = rows.get(target) ?? { target, how, tries: 0, broken: [] }
        rows.set(target, row)
        row.tries += 1
        if (what.length === 0) continue
        row.broken.push({ again: `--only hub --seed ${options.seed} --try ${number}`, what: what.join('; ') })
        options.say(`${number}: ${row.broken.at(-1)?.what}`)
      }
      return [...rows.values()].sort((a, b) => (a.target < b.target ? -1 : 1))
    } finally {
      elsewhere.close()
      await server.close()
    }
  },
}
export default hub

interface Bench {
  server: HubServer
  elsewhere: Elsewhere
  /** A cache with a good repository in it. */
  well: string
  options: TortureOptions
}

async function tryOnce(number: number, { server, elsewhere, well, options }: Bench) {
  const random = pythonRandom(options.seed * 1_000_003 + number)
  const cache = join(options.folder, 'cache')
  rmSync(cache, { recursive: true, force: true })
  mkdirSync(cache)
  cpSync(well, cache, { recursive: true, verbatimSymlinks: true })
  server.reset()
  elsewhere.tokens.length = 0
  const drawn = number % 4 === 3 ? drawListing(random) : drawFaults(random, elsewhere.url)
  server.faults = drawn.faults
  if (drawn.listing !== undefined)
    server.rewriteTree = (entries) => drawn.listing?.rewrite(entries, random) ?? []
  const settings = settingsOf(server, cache)
  const bad = await fetchOnce(settings)
  const requests = server.requests.length
  const tokens = [...server.tokens.store, ...elsewhere.tokens]
  server.reset()
  const again = await fetchOnce(settings)
  const tried: Tried = { bad, again, requests, tokens, cache, well, mayFetch: drawn.isTrue }
  const what = await brokenPromises(tried)
  return { target: drawn.target, how: drawn.how, what: what.map((one) => `${drawn.what}: ${one}`) }
}

interface Drawn {
  target: string
  how: string
  what: string
  faults: Fault[]
  /** Whether what is listed is what is there. */
  isTrue: boolean
  listing?: Listing
}

function drawListing(random: PythonRandom): Drawn {
  const listing = LISTINGS[random.below(LISTINGS.length)]
  return {
    target: "the Hub's list of files",
    how: 'hostile names, sizes, hashes',
    what: listing.name,
    faults: [],
    isTrue: listing.isOdd !== true,
    listing,
  }
}

function drawFaults(random: PythonRandom, elsewhere: string): Drawn {
  const drawn = Array.from({ length: 1 + random.below(3) }, () => {
    const kind: Kind = KINDS[random.below(KINDS.length)]
    const at = PLACES[random.below(PLACES.length)]
    const times = random.below(3) === 0 ? undefined : 1 + random.below(7)
    const says = `${kind.name} at ${at.split('/').slice(0, 1)}/${at.split('/').at(at.endsWith('/') ? -2 : -1)}, ${times ?? 'all'} times`
    return { says, fault: { at, times, ...kind.draw(random, elsewhere) } }
  })
  return {
    target: "the Hub's answers",
    how: `one to three of ${KINDS.length} faults`,
    what: drawn.map(({ says }) => says).join(' and '),
    faults: drawn.map(({ fault }) => fault),
    isTrue: drawn.every(({ fault }) => !fault.at.includes('/tree/')),
  }
}

const settingsOf = ({ url }: HubServer, cacheFolder: string) => ({
  endpoint: url,
  cacheFolder,
  token: TOKEN,
  offline: false,
})

/** Another host, which answers anything and remembers who was trusted with it. */
async function startElsewhere(): Promise<Elsewhere> {
  const tokens: (string | undefined)[] = []
  const server: Server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json').end('{"sha":"stolen"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    tokens,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
