/** Prompts from what a person gives: an argument, a file, standard input. */

import { readFile } from 'node:fs/promises'
import { fileFailure } from '../data/json-file.js'
import { readRows } from '../data/rows.js'
import { plainText } from '../data/text-files.js'
import { Failure } from '../errors.js'

export interface PromptSource {
  /** The argument; `-` reads standard input. */
  prompt?: string
  /** A file with a prompt a line, or of rows with the field `prompt`. */
  file?: string
  /** Standard input; null when it is a terminal, where nobody would know that it is waited for. */
  stdin: AsyncIterable<Uint8Array> | null
}

export interface PromptText {
  text: string
  /** For messages: `prompts.txt:3`. */
  from: string
}

const ROW_ENDINGS = /\.(jsonl|jsonl\.gz|json|csv|csv\.gz|tsv|parquet)$/i
const HOW = "give one as an argument, with --file, or through a pipe: echo 'Once upon a time' | asp generate"

/** @throws Failure when there is none, more than one source, or what is there cannot be read */
export async function readPrompts({ prompt, file, stdin }: PromptSource): Promise<PromptText[]> {
  if (file !== undefined) {
    if (prompt !== undefined) {
      throw new Failure(`--file ${file}: takes the place of a prompt, got one as well`, {
        hint: 'leave one of them out',
      })
    }
    return file === '-' ? linesOf('standard input', await readStdin(stdin)) : readPromptFile(file)
  }
  if (prompt !== undefined && prompt !== '-') return [{ text: prompt, from: 'prompt' }]
  // What `echo` and editors put at the end is no part of a prompt.
  return [{ text: (await readStdin(stdin)).replace(/\r?\n$/, ''), from: 'standard input' }]
}

async function readPromptFile(file: string): Promise<PromptText[]> {
  if (ROW_ENDINGS.test(file)) {
    const { rows } = await readRows([file], { columns: { prompt: 'string' } })
    return some(
      file,
      rows.map(({ value, line }) => ({ text: String(value.prompt), from: `${file}:${line}` })),
    )
  }
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw fileFailure(file, cause, 'check the path given to --file')
  })
  return linesOf(file, plainText(file, bytes))
}

/** A prompt a line; empty lines are none. */
function linesOf(name: string, text: string): PromptText[] {
  const lines = text.split(/\r?\n/).map((line, i) => ({ text: line, from: `${name}:${i + 1}` }))
  return some(
    name,
    lines.filter(({ text }) => text !== ''),
  )
}

function some(name: string, prompts: PromptText[]): PromptText[] {
  if (prompts.length > 0) return prompts
  throw new Failure(`${name}: must hold prompts, got none`, {
    hint: 'write one a line, or rows {"prompt": "..."} as .jsonl',
  })
}

async function readStdin(stdin: AsyncIterable<Uint8Array> | null): Promise<string> {
  if (stdin === null) throw new Failure('prompt: must be given, got none', { hint: HOW })
  const pieces: Uint8Array[] = []
  for await (const piece of stdin) pieces.push(piece)
  const text = plainText('standard input', Buffer.concat(pieces))
  if (text === '') throw new Failure('standard input: must hold a prompt, got nothing', { hint: HOW })
  return text
}
