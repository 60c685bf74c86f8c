/** What the process of the readers is told, and what it tells. */
import type { Form } from './mutate.js'

/** First message of the parent. */
export interface Order {
  folder: string
  seed: number
  /** Tries by their numbers, with the targets that they are of. */
  tries: readonly { number: number; target: string }[]
}

/** A try that begins, or one that has ended. */
export type Report =
  | { began: number }
  | { ended: number; fault: string | null; form: Form }
  /** Of a try that is made alone and broke: the smallest file that breaks the same, as Latin-1. */
  | { smallest: string }

/** Exit code of that process where the harness itself is at fault. */
export const HARNESS = 70
