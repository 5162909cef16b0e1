import { checkDirective, type Placed, walk } from './check-directives.ts'
import { checkPlaces } from './check-places.ts'
import type { NginxExpectations, NginxFinding } from './finding.ts'
import type { NginxFiles, NotChecked } from './include.ts'
import { placesIn, serversOf } from './place.ts'
import type { NginxDirective } from './syntax.ts'

/** What the check found, and what it could not judge. */
export interface NginxCheck {
  readonly findings: readonly NginxFinding[]
  readonly notChecked: readonly NotChecked[]
}

/** Finds mistakes in a configuration that nginx itself accepts, in the order of files and lines. */
export function checkNginxConfig(
  { directives, notChecked }: NginxFiles,
  expected: NginxExpectations,
): NginxCheck {
  const placed = [...walk(directives, [])]
  const found = placed.flatMap((each) => checkDirective(each, expected))
  const findings = new Map<string, NginxFinding>()
  // What an outer level says is found once for each location in it.
  for (const each of [...found, ...checkPlaces(directives, expected)]) {
    const key = `${each.code} ${each.file}:${each.line}`
    if (!findings.has(key)) findings.set(key, each)
  }
  return {
    findings: [...findings.values()].sort((a, b) =>
      a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1,
    ),
    notChecked: [...notChecked, ...placed.flatMap(whyNotChecked), ...expressionsNotRead(directives)],
  }
}

/** Directives that decide only when a request is there, and which nothing here follows. */
const AT_RUN_TIME = /^(?:if|rewrite|perl|js_content)$|_by_lua|^try_files$/

function whyNotChecked({ directive: { name, args, file, line } }: Placed): readonly NotChecked[] {
  const [value = ''] = args
  const isVariable = (name === 'root' || name === 'alias') && /\$(?!\{?\d)/.test(value)
  const leadsElsewhere = name !== 'try_files' || args.at(-1)?.startsWith('/') === true
  if (!isVariable && !(AT_RUN_TIME.test(name) && leadsElsewhere)) return []
  return [{ file, line, what: [name, ...args].join(' ') }]
}

function expressionsNotRead(directives: readonly NginxDirective[]): readonly NotChecked[] {
  return serversOf(directives)
    .flatMap((server) => [...placesIn(server)])
    .filter(({ matcher }) => matcher.kind === 'regexp' && matcher.regexp === undefined)
    .map(({ directive: { name, args, file, line } }) => ({ file, line, what: [name, ...args].join(' ') }))
}
