/** Flags and checkpoint -> levels. Pure; every request that the checkpoint or a policy cannot meet ends here. */
import { PRUNING_CHECKPOINT } from '../data/bundled.js'
import type { Checkpoint } from '../data/checkpoint.js'
import { methodOf } from '../engine/gpt2/config.js'
import { isMethod, type Method } from '../engine/methods.js'
import { canSplitHeads, SIZED, SIZED_KINDS, type SizedKind } from '../engine/policies/index.js'
import { Failure } from '../errors.js'
import type { Granularity } from '../record/names.js'
import { DENSE, isSizedPolicy, type Level, type PolicyName } from './level.js'

/** What decides whether a checkpoint can drop tokens by scores of its own. */
export type Pruneable = Pick<Checkpoint, 'id' | 'config'>

/** One level as it is typed. */
export interface LevelFlags {
  policy?: PolicyName
  sparsity?: number
  /** Added to every drop score, instead of searching the shift that `sparsity` needs. */
  shift?: number
  /** Window, stride or budget in tokens, instead of the one that `sparsity` needs. */
  size?: number
  /** A layer decides for all of its heads where undefined. */
  granularity?: Granularity
}

/** Several: each policy at each number. */
export interface LevelListFlags {
  policies?: readonly PolicyName[]
  sparsities?: readonly number[]
  shifts?: readonly number[]
  sizes?: readonly number[]
  granularity?: Granularity
}

/** What the checkpoint was taught is the default, if it was. Failure: a request that cannot be met. */
export function chooseLevel(checkpoint: Pruneable, flags: LevelFlags): Level {
  const { sparsity, shift, size } = flags
  checkSparsity(sparsity)
  if (size !== undefined && sparsity !== undefined) {
    throw new Failure(`--size ${size}: takes the place of --sparsity, got --sparsity ${sparsity} as well`, {
      hint: 'give one of them',
    })
  }
  const policy = choosePolicy(checkpoint, flags)
  if (shift !== undefined) checkShift(policy, shift)
  const granularity = flags.granularity === 'head' && policy !== 'dense' ? byHead(policy) : {}
  if (isSizedPolicy(policy)) return { policy, target: sizedTarget(policy, flags), ...granularity }
  if (size !== undefined) {
    throw new Failure(`--size ${size}: the ${policy} policy has no size`, {
      hint: 'leave --size out, or name a policy that has one, such as --policy local',
    })
  }
  if (policy === 'dense') return DENSE
  if (shift !== undefined) return { policy, target: { kind: 'shift', shift, sparsity } }
  return { policy, target: sparsity === undefined ? { kind: 'own' } : { kind: 'sparsity', sparsity } }
}

/**
 * Policy by policy; of each, one level for every number that is given.
 * @param usual shares of a policy for which no number is given; `undefined` among them is the checkpoint's own threshold
 * @throws Failure on a request that cannot be met
 */
export function chooseLevels(
  checkpoint: Pruneable,
  { policies, sparsities, shifts, sizes, granularity }: LevelListFlags,
  usual: (policy: PolicyName) => readonly (number | undefined)[],
): Level[] {
  checkOneKind({ '--shift': shifts, '--size': sizes }, sparsities)
  for (const share of sparsities ?? []) checkSparsity(share)
  const anyAbove0 = sparsities?.find((share) => share > 0)
  const names = policies ?? [choosePolicy(checkpoint, { sparsity: anyAbove0, shift: shifts?.[0] })]
  return [...new Set(names)].flatMap((policy): Level[] => {
    if (policy === 'dense') {
      // Beside other policies, numbers are theirs.
      const alone = names.every((name) => name === 'dense')
      return [
        chooseLevel(
          checkpoint,
          alone ? { policy, sparsity: anyAbove0, shift: shifts?.[0], size: sizes?.[0] } : { policy },
        ),
      ]
    }
    if (shifts !== undefined)
      return shifts.map((shift) => chooseLevel(checkpoint, { policy, shift, granularity }))
    if (sizes !== undefined)
      return sizes.map((size) => chooseLevel(checkpoint, { policy, size, granularity }))
    return (sparsities ?? usual(policy)).map((sparsity) =>
      chooseLevel(checkpoint, { policy, sparsity, granularity }),
    )
  })
}

/** Failure: a policy whose heads cannot decide for themselves. */
function byHead(policy: PolicyName): { granularity: 'head' } {
  if (isSizedPolicy(policy) && canSplitHeads(policy)) return { granularity: 'head' }
  throw new Failure(`--granularity head: the ${policy} policy makes one decision a layer`, {
    hint: `leave it out, or name policies whose heads can decide: ${SIZED_KINDS.filter(canSplitHeads).join(', ')}`,
  })
}

/** Failure: lists of two kinds. */
function checkOneKind(
  others: Readonly<Record<string, readonly number[] | undefined>>,
  sparsities: readonly number[] | undefined,
): void {
  const given = Object.entries({ '--sparsity': sparsities, ...others }).filter(
    ([, list]) => list !== undefined,
  )
  if (given.length < 2) return
  const [[first, numbers], [second, more]] = given
  throw new Failure(`${second} ${more}: takes the place of ${first}, got ${first} ${numbers} as well`, {
    hint: 'give one of them',
  })
}

function choosePolicy({ id, config }: Pruneable, { policy, sparsity, shift }: LevelFlags): PolicyName {
  if (policy !== undefined && isSizedPolicy(policy)) {
    if (config.selective) {
      throw new Failure(`--policy ${policy}: does not know the selective attention of checkpoint ${id}`, {
        hint: '--policy selective, or the model that the checkpoint was made of',
      })
    }
    return policy
  }
  const taught = methodOf(config)
  const asked = policy !== undefined && isMethod(policy) ? policy : null
  const needsScores =
    asked !== null || (policy === undefined && shift !== undefined) || sparsity !== undefined
  if (taught === null && needsScores) {
    const number = sparsity === undefined ? `--shift ${shift}` : `--sparsity ${sparsity}`
    throw new Failure(
      `${asked === null ? number : `--policy ${asked}`}: checkpoint ${id} has no ${asked === null ? 'interaction' : WEIGHTS[asked]} weights to decide what to drop`,
      {
        hint:
          'name a policy that needs none, such as --policy streaming or h2o (docs/policies.md), use --policy dense without ' +
          `--sparsity, or ${PRUNING_CHECKPOINT}`,
      },
    )
  }
  if (asked !== null && asked !== taught) {
    throw new Failure(`--policy ${asked}: checkpoint ${id} was taught to drop by ${taught}`, {
      hint: `--policy ${taught}, or a checkpoint of asp finetune --method ${asked}`,
    })
  }
  const name = policy ?? taught ?? 'dense'
  if (name === 'dense' && sparsity !== undefined && sparsity > 0) {
    throw new Failure(`--sparsity ${sparsity}: the dense policy removes nothing`, {
      hint: 'leave out --policy dense, or --sparsity',
    })
  }
  return name
}

/** What a method's weights are called. */
const WEIGHTS: Readonly<Record<Method, string>> = {
  adaptive: 'interaction',
  kvzap: 'gate',
  trimkv: 'gate',
  selective: 'selecting',
}

/** Failure: no share that can be removed. */
export function checkSparsity(sparsity: number | undefined): void {
  if (sparsity === undefined || (sparsity >= 0 && sparsity < 1)) return
  throw new Failure(`--sparsity: must be at least 0 and below 1, got ${sparsity}`, {
    hint: 'it is the share of context removed: --sparsity 0.8 removes 80 %',
  })
}

function checkShift(policy: PolicyName, shift: number): void {
  if (!isMethod(policy)) {
    throw new Failure(`--shift ${shift}: the ${policy} policy has no threshold`, {
      hint: `leave --shift out, or use --policy adaptive with ${PRUNING_CHECKPOINT}`,
    })
  }
  if (Number.isFinite(shift)) return
  throw new Failure(`--shift: must be a number, got ${shift}`, {
    hint: 'policy.threshold_shift of an earlier record, for example',
  })
}

function sizedTarget(
  policy: SizedKind,
  { sparsity, size }: LevelFlags,
): Extract<Level, { policy: SizedKind }>['target'] {
  const { parameter, least } = SIZED[policy]
  if (sparsity !== undefined) return { kind: 'sparsity', sparsity }
  if (size === undefined) {
    throw new Failure(`--policy ${policy}: needs the share of context to remove`, {
      hint: `add --sparsity 0.8, or its ${parameter} in tokens: --size 32`,
    })
  }
  if (Number.isInteger(size) && size >= least) return { kind: 'size', size }
  throw new Failure(
    `--size: the ${parameter} of ${policy} must be a whole number from ${least}, got ${size}`,
    {
      hint: 'it is in tokens',
    },
  )
}
