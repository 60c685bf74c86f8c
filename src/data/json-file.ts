/** Reading a JSON object from disk with messages for people. */
import { readFile } from 'node:fs/promises'
import { Failure } from '../errors.js'
import { parseJson } from '../json.js'
import { utf8Of } from './utf8.js'

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * @param missing what to do when there is no such file
 * @throws Failure when the file is missing, unreadable, not UTF-8 or not a JSON object
 */
export async function readJsonObject(path: string, missing: string): Promise<JsonObject> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw fileFailure(path, cause, missing)
  })
  const text = utf8Of(path, bytes)
  try {
    const value = parseJson(text)
    if (isObject(value)) return value
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replaceAll('\n', ' ') : String(cause)
    throw new Failure(`${path}: not valid JSON, got ${why}`, {
      hint: 'download or export the file again',
      cause,
    })
  }
  throw new Failure(`${path}: must hold a JSON object`, { hint: 'download or export the file again' })
}

/** A failed file operation in one line: the usual system codes in words. */
export function fileFailure(path: string, cause: unknown, missing: string): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new Failure(`${path}: no such file or folder`, { hint: missing, cause })
  }
  return new Failure(`${path}: cannot be read, got ${code}`, {
    hint: 'check its permissions and the disk',
    cause,
  })
}
