/** What every run tells of its progress: one shape, whatever is run. */
export interface ProgressEvent {
  /** What is under way, as a title: `Scoring hellaswag`. A new one ends the one before. */
  task: string
  done: number
  /** Undefined where nobody knows. */
  total?: number
  /** What is counted: `requests`, `tensors`. */
  unit: string
  /** What is known so far: `acc 0.3125`. */
  info?: string
  /** Seconds to the end of the whole run, where they follow from more than `done` and `total`; null while nothing is known. */
  left?: number | null
}

export type OnProgress = (progress: ProgressEvent) => void

/** Progress of loading weights, as engines tell it. */
export function loadProgress(
  onProgress: OnProgress | undefined,
  task = 'Loading weights',
): (done: number, total: number) => void {
  return (done, total) => onProgress?.({ task, done, total, unit: 'tensors' })
}

/** Progress of compiling kernels, which drivers do anew on each start. */
export function compileProgress(
  onProgress: OnProgress | undefined,
  task = 'Compiling kernels',
): (done: number, total: number) => void {
  return (done, total) => onProgress?.({ task, done, total, unit: 'kernels' })
}

/** Progress of a search for a shift: called after each evaluation. */
export function searchProgress(
  onProgress: OnProgress | undefined,
  task = 'Calibrating the drop threshold',
): (tried: { shift: number; sparsity: number }) => void {
  let done = 0
  return ({ shift, sparsity }) =>
    onProgress?.({
      task,
      done: ++done,
      unit: 'evaluations',
      info: `shift ${shift.toFixed(3)}, sparsity ${sparsity.toFixed(3)}`,
    })
}
