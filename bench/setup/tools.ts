import { spawnSync } from 'node:child_process'

/** A program of the system that some comparisons need. */
export type ToolName = 'taskset' | 'wrk' | 'nginx' | 'whitenoise' | 'django'

interface Tool {
  /** Exits with 0 where the tool is there; its first line of output names the version. */
  readonly probe: readonly [string, ...string[]]
  readonly packages: string
  readonly without: string
}

const PYTHON = '/usr/bin/python3'

const TOOLS: Readonly<Record<ToolName, Tool>> = {
  taskset: {
    probe: ['taskset', '--version'],
    packages: 'util-linux',
    without: 'nothing is pinned to a core, expect more noise',
  },
  wrk: {
    probe: ['sh', '-c', 'wrk -v | head -1; command -v wrk >/dev/null'],
    packages: 'wrk',
    without: 'autocannon makes the load, slower than the servers are: compare requests per processor second',
  },
  nginx: {
    probe: ['sh', '-c', 'nginx -v 2>&1 && test -e /usr/lib/nginx/modules/ngx_http_brotli_static_module.so'],
    packages: 'nginx libnginx-mod-http-brotli-static',
    without: 'nginx is left out',
  },
  whitenoise: {
    probe: [
      PYTHON,
      '-c',
      'import whitenoise, gunicorn; from importlib.metadata import version; print("WhiteNoise", version("whitenoise"), "gunicorn", version("gunicorn"))',
    ],
    packages: 'python3-whitenoise python3-brotli gunicorn',
    without: 'WhiteNoise is left out',
  },
  django: {
    probe: [PYTHON, '-c', 'import django, whitenoise, brotli; print("Django", django.__version__)'],
    packages: 'python3-django python3-whitenoise python3-brotli',
    without: "Django's collectstatic is left out",
  },
}

/** The Debian packages that have all of them. */
export const TOOL_PACKAGES: readonly string[] = Object.values(TOOLS).flatMap(({ packages }) =>
  packages.split(' '),
)

/** The tools of this machine with their versions. */
export interface Tools {
  readonly versions: Readonly<Partial<Record<ToolName, string>>>
  /** One line per tool that is missing: what is left out and how to install it. */
  readonly missing: readonly string[]
}

/** Looks for every tool. */
export function findTools(): Tools {
  const versions: Partial<Record<ToolName, string>> = {}
  const missing: string[] = []
  for (const name of Object.keys(TOOLS) as ToolName[]) {
    const { probe, packages, without } = TOOLS[name]
    const [command, ...args] = probe
    const result = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
    if (result.status === 0) versions[name] = firstLine(result.stdout)
    else missing.push(`no ${name}: ${without}. apt-get install -y --no-install-recommends ${packages}`)
  }
  return { versions, missing }
}

/** The system's Python, which is where Debian's packages are; another one on the PATH doesn't see them. */
export const SYSTEM_PYTHON = PYTHON

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').trim()
}
