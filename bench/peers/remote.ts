/** A peer in a process of its own, so that a crash, or a library that cannot be loaded, is a row and not the end. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { About, OpenOptions, Peer, Timing } from './peer.js'

type Method = 'logits' | 'generate'
export type Call = { [M in Method]: { method: M; args: Parameters<Peer[M]> } }[Method]
export type Answer = { value: unknown } | { error: string }

export interface RemotePeer extends Peer {
  close(): void
}

export interface Limits {
  /** Seconds until the peer has opened the model. */
  open: number
  /** Seconds a call may take. */
  call: number
}

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))

/** Opens a row's peer in a new process. Throws an Error that says why, as every call does, when that fails. */
export async function openRemote(
  row: string,
  model: string,
  options: OpenOptions,
  limits: Limits,
): Promise<RemotePeer> {
  const child = fork(CHILD, [row, model, JSON.stringify(options)], {
    // llama.cpp overlooks software devices unless it is told which device to take
    env: { GGML_VK_VISIBLE_DEVICES: '0', ...process.env },
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const chatter = tail(child)
  // Of a call to a process that has just ended; the call itself fails for that reason
  child.on('error', () => {})
  const answer = async (seconds: number): Promise<unknown> => {
    try {
      return await next(child, seconds, chatter)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }
  const about = (await answer(limits.open)) as About
  const call = (call: Call): Promise<unknown> => {
    if (!child.connected) throw new Error(`process has ended; ${chatter()}`)
    child.send(call)
    return answer(limits.call)
  }
  return {
    about,
    logits: async (...args) => (await call({ method: 'logits', args })) as Float32Array,
    generate: async (...args) => (await call({ method: 'generate', args })) as Timing,
    close: () => {
      if (child.connected) child.disconnect()
    },
  }
}

/** The next message; an Error when it is one, when the process ends, and when it takes too long. */
function next(child: ChildProcess, seconds: number, chatter: () => string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
      action()
    }
    const onMessage = (answer: Answer): void =>
      settle(() => ('error' in answer ? reject(new Error(answer.error)) : resolve(answer.value)))
    const onExit = (code: number | null, signal: string | null): void =>
      settle(() => reject(new Error(`process ended with ${signal ?? code}; ${chatter()}`)))
    const timer = setTimeout(() => settle(() => reject(new Error(`took over ${seconds} s`))), 1000 * seconds)
    child.on('message', onMessage).on('exit', onExit)
  })
}

/** The last line or two that the process wrote to standard error. */
function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = `${text}${chunk}`.slice(-400)
  })
  return () => text.trim().split('\n').slice(-2).join(' ') || 'it said nothing'
}
