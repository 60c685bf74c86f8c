/** What a person can do to make asp work, or work faster, on this machine; pure, from what was found on it. */
import type { AdapterKind } from './adapter-report.js'

export interface MachineFacts {
  platform: string
  /** The ID and VERSION_ID of /etc/os-release; empty where there is none. */
  distribution: { id: string; version: string }
  /** Kind of the adapter in use; undefined when none works. */
  inUse: AdapterKind | undefined
  /** Kinds of every adapter Dawn accepts. */
  available: AdapterKind[]
  systemLoader: boolean
  /** Vulkan driver manifests (ICD files) of the machine. */
  manifests: string[]
  /** GPU device nodes such as /dev/nvidiactl or /dev/dri/renderD128. */
  gpuNodes: string[]
  /** Why the bundled driver cannot be used, if it cannot. */
  bundledMissing: string | undefined
  /** Free host memory, bytes. */
  freeMemory: number
}

/** Memory that GPT-2 with f32 weights and its activations need on a software adapter, roughly. */
const COMFORTABLE_MEMORY = 2 * 2 ** 30

interface Rule {
  applies: (facts: MachineFacts) => boolean
  say: (facts: MachineFacts) => string
}

/** In the order a person should read them. */
const RULES: Rule[] = [
  {
    applies: ({ inUse, bundledMissing }) => inUse === undefined && bundledMissing !== undefined,
    say: ({ bundledMissing, platform }) =>
      platform === 'linux'
        ? `${bundledMissing}: npm install --include=optional in asp's folder`
        : `update the graphics driver (${bundledMissing})`,
  },
  {
    applies: ({ inUse, gpuNodes }) => inUse !== 'hardware' && gpuNodes.length > 0,
    say: ({ gpuNodes }) =>
      `there is a GPU (${gpuNodes[0]}) but no hardware Vulkan adapter: install its Vulkan driver, ` +
      `and check that this user may open ${gpuNodes[0]}`,
  },
  {
    applies: ({ inUse, available }) => inUse === 'swiftshader' && available.includes('llvmpipe'),
    say: () => 'llvmpipe is installed here and about 3 times faster than SwiftShader: --device llvmpipe',
  },
  {
    applies: (facts) => needsMesa(facts) && facts.systemLoader && facts.manifests.length > 0,
    say: () =>
      "Vulkan drivers are installed, but Dawn accepts none of them (Debian 12's Mesa 22.3 is too old)",
  },
  {
    applies: needsMesa,
    say: ({ distribution, inUse }) =>
      inUse === 'swiftshader'
        ? `Mesa's llvmpipe is about 3 times faster than SwiftShader: ${mesaCommand(distribution)}`
        : `install a software Vulkan driver: ${mesaCommand(distribution)}`,
  },
  {
    applies: ({ inUse, gpuNodes }) => inUse === 'llvmpipe' && gpuNodes.length === 0,
    say: () => 'llvmpipe computes on the CPU: a machine with a GPU is many times faster',
  },
  {
    applies: ({ inUse, freeMemory }) => inUse !== 'hardware' && freeMemory < COMFORTABLE_MEMORY,
    say: ({ freeMemory }) =>
      `only ${(freeMemory / 2 ** 30).toFixed(1)} GiB of memory is free: use a small --batch-tokens`,
  },
]

/** Sentences of advice; empty when nothing would help. */
export function advise(facts: MachineFacts): string[] {
  return RULES.filter((rule) => rule.applies(facts)).map((rule) => rule.say(facts))
}

/** Whether the next step is a Mesa new enough for Dawn. */
function needsMesa({ platform, inUse, available }: MachineFacts): boolean {
  return platform === 'linux' && !available.includes('llvmpipe') && (inUse === 'swiftshader' || !inUse)
}

/** The command that installs a Mesa new enough, by distribution. */
export function mesaCommand({ id, version }: MachineFacts['distribution']): string {
  if (id === 'debian' && Number(version) < 13) {
    return `apt install -t bookworm-backports libvulkan1 mesa-vulkan-drivers (backports enabled)`
  }
  const commands: Record<string, string> = {
    debian: 'apt install libvulkan1 mesa-vulkan-drivers',
    ubuntu: 'apt install libvulkan1 mesa-vulkan-drivers (24.04 or later)',
    fedora: 'dnf install vulkan-loader mesa-vulkan-drivers',
    arch: 'pacman -S vulkan-icd-loader vulkan-swrast',
  }
  return commands[id] ?? 'install libvulkan1 and mesa-vulkan-drivers, version 25 or later'
}
