/** Runs the shell steps of a composite action as GitHub's runner does; enough of YAML for action.yml. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Step {
  name: string
  uses?: string
  if?: string
  id?: string
  env: Record<string, string>
  run?: string
}

export interface CompositeAction {
  /** Defaults by the names of inputs. */
  inputs: Record<string, string>
  steps: Step[]
}

export interface StepResult {
  name: string
  status: number | null
  stdout: string
  stderr: string
  outputs: Record<string, string>
}

const unquoted = (text: string): string => text.replace(/^'(.*)'$/, '$1')

export function readAction(file: string): CompositeAction {
  const text = readFileSync(file, 'utf8')
  const [head, body] = text.split('\n  steps:\n')
  const inputs = [...head.matchAll(/^ {2}(\w+):\n(?: {4}description: .*\n) {4}default: (.*)$/gm)]
  const steps = body
    .split(/^ {4}- /m)
    .slice(1)
    .map((part): Step => {
      const lines = part.split('\n').map((line, i) => (i === 0 ? line : line.replace(/^ {6}/, '')))
      const field = (name: string): string | undefined =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      const block = (name: string): string[] => {
        const at = lines.findIndex((line) => new RegExp(`^${name}:( \\|)?$`).test(line))
        const rest = at < 0 ? [] : lines.slice(at + 1)
        const end = rest.findIndex((line) => /^\S/.test(line))
        return (end < 0 ? rest : rest.slice(0, end)).map((line) => line.replace(/^ {2}/, ''))
      }
      const env = block('env').flatMap(
        (line) => (/^(\w+): (.*)$/.exec(line)?.slice(1, 3) as [string, string]) ?? [],
      )
      const pairs = Array.from({ length: env.length / 2 }, (_, i) => [env[2 * i], env[2 * i + 1]])
      const run = block('run')
      return {
        name: field('name') ?? '',
        uses: field('uses'),
        if: field('if'),
        id: field('id'),
        env: Object.fromEntries(pairs),
        run: run.length === 0 ? undefined : run.join('\n'),
      }
    })
  return { inputs: Object.fromEntries(inputs.map(([, name, value]) => [name, unquoted(value)])), steps }
}

export interface ActionRun {
  action: CompositeAction
  /** Of the action, as GITHUB_ACTION_PATH has it. */
  folder: string
  /** The workspace. */
  cwd: string
  inputs?: Record<string, string>
  /** Values of `github.*`. */
  github: Record<string, string>
  env: NodeJS.ProcessEnv
}

/** Steps in order: after one that failed only those that run always. Steps of other actions are passed over. */
export function runAction({ action, folder, cwd, inputs = {}, github, env }: ActionRun): StepResult[] {
  const given = { ...action.inputs, ...inputs }
  const value = (expression: string): string => {
    const [room, ...path] = expression.trim().split('.')
    const found = room === 'inputs' ? given[path.join('.')] : github[path.join('.')]
    if (found === undefined) throw new Error(`no value for ${expression}`)
    return found
  }
  const filled = (text: string): string => text.replace(/\$\{\{([^}]+)\}\}/g, (_, one: string) => value(one))
  const results: StepResult[] = []
  for (const step of action.steps) {
    const failed = results.some(({ status }) => status !== 0)
    if (step.run === undefined || (failed && !step.if?.includes('always()'))) continue
    if (step.run.includes('${{'))
      throw new Error(`${step.name}: an expression inside a script can be injected into`)
    const [script, outputs] = [join(cwd, '.step.sh'), join(cwd, '.step-outputs')]
    writeFileSync(script, step.run)
    writeFileSync(outputs, '')
    const own = Object.fromEntries(Object.entries(step.env).map(([name, text]) => [name, filled(text)]))
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', script],
      {
        cwd,
        env: { ...env, ...own, GITHUB_ACTION_PATH: folder, GITHUB_OUTPUT: outputs },
        encoding: 'utf8',
      },
    )
    const lines = readFileSync(outputs, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
    results.push({
      name: step.name,
      status,
      stdout,
      stderr,
      outputs: Object.fromEntries(lines.map((line) => line.split('=', 2))),
    })
  }
  return results
}
