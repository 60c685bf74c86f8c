/**
 * Pages in a real browser without a window: the machine's chromium through playwright. Where there is none, such tests are
 * skipped and say so; with ASP_TEST_BROWSER=required (continuous integration, `.ci/run`) they fail instead.
 */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'uvu'

const PLACES = [
  process.env.ASP_TEST_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const executable = PLACES.find((place) => place !== undefined && existsSync(place))

export interface Visit {
  page: Page
  /** Errors of the console, exceptions, and requests for anything but the page itself. */
  faults: string[]
}

/** One for all tests of a file. */
let browser: Promise<Browser> | undefined
const waiting = new Set<Test>()

/** A test that needs a browser. */
export function browserTest(test: Test, name: string, run: () => Promise<void>): void {
  if (executable !== undefined || process.env.ASP_TEST_BROWSER === 'required') test(name, run)
  else {
    test.skip(name, run)
    process.stdout.write(`skipped, no chromium here (ASP_TEST_CHROMIUM may name one): ${name}\n`)
  }
  if (!waiting.has(test)) test.after(close)
  waiting.add(test)
}

async function close(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

/** Opens a page with an empty profile of its own, which is closed whatever happens. */
export async function visit(
  url: string,
  look: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  if (executable === undefined) throw new Error('no chromium found; ASP_TEST_CHROMIUM may name one')
  browser ??= chromium.launch({ executablePath: executable, headless: true, args: FLAGS })
  const context = await (await browser).newContext({ viewport: { width: 1280, height: 900 }, ...options })
  try {
    const page = await context.newPage()
    const faults: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) faults.push(`fetched ${request.url()}`)
    })
    await page.goto(url)
    await look({ page, faults })
  } finally {
    await context.close()
  }
}
