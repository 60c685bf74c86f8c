/**
 * A page that is one file: data, style and script inside, nothing fetched. The scripts are those of client/, one folder
 * a page with main.ts and main.css, which `npm run build` bundles into dist/ (so do tests: test/client.ts).
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { EXIT, Failure } from '../errors.js'
import { markup } from './escape.js'

/** The folders of client/ that are pages. */
export type ClientName = 'drop-stats' | 'drops' | 'report'

/** A bundled script and its style. */
export interface Client {
  script: string
  style: string
}

export interface PageParts {
  title: string
  /** What the script finds by `pageData()` (client/shared/dom.ts): anything that JSON can hold. */
  data: unknown
  client: Client
}

/** Seen from src/report and from dist/report alike. */
const BUNDLES = new URL('../../dist/report/client/', import.meta.url)

export async function readClient(name: ClientName): Promise<Client> {
  const read = (file: string): Promise<string> => readFile(new URL(`${name}/${file}`, BUNDLES), 'utf8')
  try {
    return { script: await read('main.js'), style: await read('main.css') }
  } catch (cause) {
    const message = `page of ${name}: its script is not built`
    throw new Failure(message, { hint: 'npm run build makes it', exit: EXIT.failed, cause })
  }
}

/** How every page begins, up to what differs. */
const START = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'`

/** To be told from pages that others made. */
export const PAGE = { what: 'a page that asp made', isOwn: (head: string) => head.startsWith(START) }

/** The whole page. The browser is told to fetch nothing and to run no script but this one. */
export function renderPage({ title, data, client: { script, style } }: PageParts): string {
  const code = scriptText(script)
  const policy = [
    "style-src 'unsafe-inline'",
    'img-src data:',
    `script-src '${sha256(code)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  return `${START}; ${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${markup(title)}</title>
<link rel="icon" href="data:,">
<style>${styleText(style)}</style>
</head>
<body>
<main id="page"><noscript>This page draws itself from the data it holds; that takes JavaScript.</noscript></main>
<script type="application/json" id="data">${jsonText(data)}</script>
<script>${code}</script>
</body>
</html>
`
}

/** JSON inside a script element: no `<` is left that could end it. */
export function jsonText(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}

/** JavaScript inside a script element; esbuild writes `</script` in strings this way too. */
function scriptText(script: string): string {
  return script.replaceAll(/<\/(script)/gi, '<\\/$1').replaceAll('<!--', '<\\!--')
}

function styleText(style: string): string {
  return style.replaceAll(/<\/(style)/gi, '<\\/$1')
}

const sha256 = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`
