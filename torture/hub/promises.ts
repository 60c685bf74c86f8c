/** What must hold of a fetch whatever the Hub does: one line, an end, no token to others, nothing in the cache but what was proven. */
import { readFileSync } from 'node:fs'
import { Failure } from '../../src/errors.js'
import { checkCache, checkSecrets, LARGE } from '../../test/data/hub/fixture.js'
import { filesBelow } from '../kills/promises.js'
import type { Fetch } from './fetch-once.js'

export interface Tried {
  bad: Fetch
  /** The same from a Hub that is well. */
  again: Fetch
  /** Made of the Hub while it was bad. */
  requests: number
  /** Authorization headers that reached other hosts. */
  tokens: readonly (string | undefined)[]
  cache: string
  /** The cache before: what is in it must still be there. */
  well: string
  /** Whether what the bad Hub lists may differ from what is there. */
  mayFetch: boolean
}

/** Pages of a list that never ends; retries of every file need far fewer. */
const MOST_REQUESTS = 2_100
const MOST_MS = 8_000
/** Five retries, each after five minutes and a tenth: as long as anything may ask to be waited for. */
const MOST_WAITED_S = 5 * 330 * 3

/** In one line each. */
export async function brokenPromises(tried: Tried): Promise<string[]> {
  const { bad, again, requests, tokens, cache, well, mayFetch } = tried
  return [
    ...brokenEnd(bad),
    ...(requests > MOST_REQUESTS ? [`${requests} requests`] : []),
    ...(bad.milliseconds > MOST_MS ? [`it took ${Math.round(bad.milliseconds)} ms`] : []),
    ...(bad.waited > MOST_WAITED_S ? [`it waited ${Math.round(bad.waited)} s`] : []),
    ...(tokens.some((token) => token !== undefined) ? ['a token went to another host'] : []),
    ...(bad.files !== null && mayFetch ? brokenContent(bad, 'the bad Hub') : []),
    ...brokenContent(again, 'the Hub that is well again'),
    ...(await brokenCache(cache)),
    ...filesBelow(well).flatMap((name) =>
      same(`${well}/${name}`, `${cache}/${name}`) ? [] : [`${name} is not what it was`],
    ),
  ]
}

/** A line that a person can read, and what to do about it. */
function brokenEnd({ error, notes }: Fetch): string[] {
  const said = [...notes]
  if (error !== null && !(error instanceof Failure))
    return [`threw ${error instanceof Error ? error.stack : error}`]
  if (error instanceof Failure) {
    said.push(`${error.message}; ${error.hint}`)
    if (error.hint === undefined) return [`no hint with ${error.message}`]
  }
  const odd = said.find((line) => /\n|undefined|NaN|Infinity|\[object|e\+\d|.{1000}/.test(line))
  const secret = broken(() => checkSecrets(said.join(' ')))
  return [...(odd === undefined ? [] : [`it says ${JSON.stringify(odd.slice(0, 200))}`]), ...secret]
}

function brokenContent({ files, error }: Fetch, from: string): string[] {
  if (files === null) return [`${from}: ${error instanceof Error ? error.message : error}`]
  const large = files.find((file) => file.endsWith('large.bin'))
  // A bad Hub may have listed more of this commit.
  const isWhole = files.length >= 3 && large !== undefined && readFileSync(large).equals(LARGE)
  return isWhole ? [] : [`${from}: other content in ${files.length} files`]
}

async function brokenCache(cacheFolder: string): Promise<string[]> {
  const settings = { endpoint: '', cacheFolder, token: undefined, offline: true }
  return checkCache(settings).then(
    (partial) => partial.map((name) => `${name} is left after a fetch that succeeded`),
    (error: unknown) => [String(error)],
  )
}

function broken(check: () => void): string[] {
  try {
    check()
    return []
  } catch {
    return ['it says a secret']
  }
}

const same = (a: string, b: string): boolean =>
  broken(() => {
    if (!readFileSync(a).equals(readFileSync(b))) throw new Error()
  }).length === 0
