/** What `asp sweep` and `asp recall` share: progress, notes, the plan, Ctrl-C and the tables at the end. */
import type { SweepPlan } from '../record/sweep/plan.js'
import type { SweepRecord } from '../record/sweep/schema.js'
import type { SheetOptions } from '../report/sheet.js'
import { planLine, renderPlan } from '../report/sweep-plan.js'
import { type SweepRunOptions, sweep } from '../sweep/sweep.js'
import { attended, endInterrupted } from './attended.js'
import { AspCommand, type DeviceChoice } from './base-command.js'

interface SweepFlags extends DeviceChoice {
  quiet: boolean
  'strict-data'?: boolean
  'output-format'?: string
}

/** In the words of the command. */
interface SweepWords {
  /** What is done before anything is measured. */
  preparing: string
  /** What an interruption still waits for. */
  finishing: string
  /** What an interrupted run keeps. */
  kept: string
  render(record: SweepRecord, options: SheetOptions): string
}

export abstract class SweepCommand extends AspCommand {
  /** `options` is called once errors are caught. The plan alone where nothing was to be run. */
  protected sweepWith(
    flags: SweepFlags,
    options: () => SweepRunOptions,
    { preparing, finishing, kept, render }: SweepWords,
  ): Promise<SweepRecord | SweepPlan> {
    return attended(flags, async (watch) => {
      const { progress, note } = watch
      const asked = options()
      progress.start(preparing)
      const { plan, record, path } = await sweep(asked, {
        ...this.runHooks(watch, flags, finishing),
        onPlan: (planned) => {
          progress.stop()
          if (!asked.dryRun) note(planLine(planned))
        },
      })
      const form = flags['output-format'] ?? 'table'
      if (record === null) {
        this.log(renderPlan(plan, this.sheetOptions(form)))
        return plan
      }
      if (record.status === 'complete') progress.succeed()
      progress.stop()
      this.logTables(render(record, this.sheetOptions(form)), form, watch, [`Record: ${path}`])
      if (record.status === 'incomplete') endInterrupted(`: ${kept} until then is in ${path}`)
      return record
    })
  }
}
