/**
 * The methods by which `asp finetune` teaches a model what to drop (docs/method.md, Drop scores and Gates), and what of them
 * other code goes by. What a method computes stands in the kernels of `drops` and `soft-mask`.
 */

export interface MethodTraits {
  /** Each layer has a gate: a row of C weights and a bias that score a token when it comes. */
  hasGate: boolean
  /** Keys fade in training, so that there is a mean of what is left of them for gamma to weigh. */
  fades: boolean
  /** Whether the model's own weights stay as they are. */
  frozen: 'always' | 'unless said' | 'if said' | 'never'
}

export const METHODS = {
  adaptive: { hasGate: false, fades: true, frozen: 'if said' },
  kvzap: { hasGate: true, fades: false, frozen: 'always' },
  trimkv: { hasGate: true, fades: true, frozen: 'unless said' },
  selective: { hasGate: false, fades: true, frozen: 'never' },
} as const satisfies Readonly<Record<string, MethodTraits>>

export type Method = keyof typeof METHODS

export const METHOD_NAMES = Object.keys(METHODS) as Method[]

export const isMethod = <Name extends string>(name: Name): name is Name & Method =>
  Object.hasOwn(METHODS, name)

/** Whether a rule of training, or a control, has a trait. */
export const learnsToFade = (rule: string): boolean => isMethod(rule) && METHODS[rule].fades
