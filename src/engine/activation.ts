/**
 * The activation functions of the MLP: what config.json calls them, and the number that kernels know each by (ACTIVATION), which is
 * its place here. `gelu-tanh` is `gelu_tanh` and `gelu_tanh_slope` in activation.wgsl, `geluTanh4` and `geluTanhSlope4` in its twin, and
 * a row of test/reference/activations.ts; test/engine/activations.test.ts goes through this list.
 */
export const ACTIVATIONS = [
  /** What a product without an activation has: the sum itself. */
  { name: 'none', configured: [] },
  /** x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), GPT-2's own. */
  { name: 'gelu-tanh', configured: ['gelu_new', 'gelu_fast', 'gelu_pytorch_tanh'] },
  /** x / 2 (1 + erf(x / sqrt 2)) */
  { name: 'gelu-erf', configured: ['gelu', 'gelu_python'] },
  /** x sigmoid(1.702 x) */
  { name: 'gelu-sigmoid', configured: ['quick_gelu'] },
  /** max(0, x) */
  { name: 'relu', configured: ['relu'] },
  /** x sigmoid(x) */
  { name: 'silu', configured: ['silu', 'swish'] },
] as const satisfies readonly { name: string; configured: readonly string[] }[]

export type Activation = (typeof ACTIVATIONS)[number]['name']

/** ACTIVATION of the kernels. */
export function activationNumber(activation: Activation): number {
  return ACTIVATIONS.findIndex(({ name }) => name === activation)
}

/** The function that transformers has under this name; undefined where the kernels have none of it. */
export function activationNamed(configured: string): Activation | undefined {
  return ACTIVATIONS.find((row) => row.configured.some((name) => name === configured))?.name
}

/** The first of its names in config.json. */
export function activationName(activation: Activation): string {
  return ACTIVATIONS[activationNumber(activation)].configured[0] ?? activation
}

/** All names that config.json may give. */
export const ACTIVATION_NAMES: readonly string[] = ACTIVATIONS.flatMap(({ configured }) => [...configured])
