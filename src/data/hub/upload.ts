/** Files of a folder into a model repository of the Hub, in one commit. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EXIT, Failure } from '../../errors.js'
import { asTrouble, HubTrouble } from './errors.js'
import { hubFetch } from './fetch.js'
import { RETRY } from './retry.js'
import { type HubSettings, hubSettings, offlineVariable } from './settings.js'

export interface Upload {
  /** `owner/name`; made if it does not exist. */
  repo: string
  folder: string
  /** Names of files in the folder. */
  files: readonly string[]
  /** First line of the commit. */
  title: string
}

/** The answer to a large file comes when all of it has arrived. */
const UPLOAD_PATIENCE_MS = 3_600_000

/** @throws Failure (exit 2) when nothing can be uploaded from here: no token, or no network wanted */
export function checkUploadAccess(settings: HubSettings = hubSettings()): void {
  if (settings.offline) {
    throw new Failure(`--push: the Hub must not be contacted, got ${offlineVariable()}`, {
      hint: `unset ${offlineVariable()}, or leave --push out`,
    })
  }
  if (settings.token !== undefined) return
  throw new Failure('--push: needs a token that may write, got none', {
    hint: 'set HF_TOKEN or run `hf auth login`; huggingface.co/settings/tokens makes one',
  })
}

/**
 * @returns the commit, and the page to look at it
 * @throws Failure (exit 1) when the Hub refuses or is not reached
 */
export async function uploadModel(
  { repo, folder, files, title }: Upload,
  settings: HubSettings = hubSettings(),
): Promise<{ commit: string; url: string }> {
  const { createRepo, uploadFiles } = await import('@huggingface/hub')
  const { endpoint, token } = settings
  const request = {
    repo: { type: 'model' as const, name: repo },
    hubUrl: endpoint,
    accessToken: token ?? '',
    fetch: hubFetch(settings, { ...RETRY, stallMs: UPLOAD_PATIENCE_MS }),
  }
  try {
    await createRepo(request).catch((error: unknown) => {
      // It is there already.
      if (!(error instanceof HubTrouble && error.status === 409)) throw error
    })
    const done = await uploadFiles({
      ...request,
      commitTitle: title,
      // Signed addresses of plain storage: what the Hub has offered from the beginning.
      useXet: false,
      files: files.map((name) => ({ path: name, content: pathToFileURL(join(folder, name)) })),
    })
    return { commit: done?.commit.oid ?? 'unknown', url: `${endpoint}/${repo}` }
  } catch (error) {
    throw uploadFailure(error, repo, folder, settings)
  }
}

/** Servers' own words stay out of it: they may carry signed addresses. */
function uploadFailure(error: unknown, repo: string, folder: string, { endpoint }: HubSettings): Failure {
  const trouble = asTrouble(error)
  if (trouble === null) throw error
  const { status, reason } = trouble
  const again = `the checkpoint is whole in ${folder}: the same command with --resume uploads it again`
  if (status === 401 || status === 403) {
    return new Failure(`--push: ${repo} may not be written, got ${reason}`, {
      hint: `check the name, and that the token in HF_TOKEN may write there; ${again}`,
      exit: EXIT.failed,
    })
  }
  return new Failure(`--push: ${repo} could not be uploaded to ${new URL(endpoint).host}, got ${reason}`, {
    hint: again,
    exit: EXIT.failed,
  })
}
