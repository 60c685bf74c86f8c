/** What levels of a perplexity record are called. Pure. */
import type { RuleRecord } from './schema.js'

/** A level that was given, not searched or counted for a share: `window 109`, `shift -0.4`; empty where nothing is dropped. */
export function givenLevel({ shift, sized }: Pick<RuleRecord, 'shift' | 'sized'>): string {
  if (sized !== null) return `${sized.parameter} ${sized.size}`
  return shift === null ? '' : `shift ${shift}`
}
