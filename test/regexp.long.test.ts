import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Expression, parse, type VariableDeclarator } from 'acorn'
import { full } from 'acorn-walk'
import { transformSync } from 'esbuild'
import { check } from 'recheck'

const SRC = join(import.meta.dirname, '..', 'src')

/** Regular expressions that the checker can't decide or that never meet foreign text, and why they are harmless. */
const REVIEWED: readonly (readonly [regexp: RegExp, reason: string])[] = [
  [/\B(?=(\d{3})+$)/g, 'a number of ours'],
  [/\/+$/, 'a path that the operator wrote'],
  [/--add-module=\S*brotli/, 'the output of nginx -V'],
  [/^[\s\0]*(?!https?:)[a-z][a-z0-9+.-]*:/i, 'anchored; the classes are disjoint'],
  [/(?<![.\s])[.\s]+$/u, 'tries each run from its start only'],
  [
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<!--[\s\S]*?(?:-->|$)/giu,
    'a section or comment without an end takes all that is left',
  ],
  [
    /(?<!\{)\{#|\{%-?\s*comment\s*-?%\}|\{\{~?!--|\{\{~?!|\{\{--|<%#|^[ \t]*\/\/-/gm,
    'each run of blanks follows another bracket or line start',
  ],
  [
    /(?<![\w$-])(?:static|staticIntegrity|stylesheetTag|scriptTag|moduleTag|preloadTag)\s*(?:\(\s*)?(?:'(?<single>[^'\n\\]*)'|"(?<double>[^"\n\\]*)"|`(?<back>[^`$\\]*)`)(?!\s*[+~.[]|\s*%\s*\w)/g,
    'each literal and run of blanks follows another helper',
  ],
  [
    /(?:'(?<single>[^'\n\\]*)'|"(?<double>[^"\n\\]*)"|`(?<back>[^`$\\]*)`)\s*\|\s*(?:static|static_integrity|stylesheet_tag|script_tag|module_tag|preload_tag)(?![\w$])/g,
    'each literal ends at the next quote, each run of blanks follows another literal',
  ],
  [
    /(\s+|#[^\n]*)|"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)'|([;{}])|(?!["'])(?:\\[\s\S]|\$\{\w+\}|[^\s;{}\\])+/y,
    "sticky; the operator's configuration",
  ],
  [
    /(?:--)?\[(=*)\[|--[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{}]/g,
    "the operator's configuration",
  ],
  [/,\s*(?=<)/, 'a header of ours'],
  [
    /(?<=^|\n)([ \t]*)(?:export\s+)?(?:const|let|var)\s+([\w$]+)\s*(?::[^=;\n]+)?=\s*(?:await\s+)?$/,
    "the app's own code",
  ],
  [/[ \t]*(;?)[ \t]*(?:\/\/.*)?(?=\r?\n|$)/y, "the app's own code"],
  [
    /^(?:const|let|var)\s[^=\n]*=\s*require\(\s*(['"])[^'"\n]+\1\s*\)(?:\.[\w$]+)?[ \t]*;?[ \t]*(?:\/\/.*)?$/gm,
    "the app's own code",
  ],
  [/;\s*(?:\/\/.*)?$/, "the app's own code"],
  [/[\w$]+$/, 'at most 300 characters'],
]

/** Names of patterns that are put together while the program runs, and why these are harmless. */
const REVIEWED_NAMES: readonly (readonly [place: string, reason: string])[] = [
  ['cli/init/app.ts called', "the app's own code"],
  ['cli/init/register.ts load', "the app's own code"],
  ['cli/init/register.ts making', "the app's own code"],
  ['cli/init/register.ts mention', "the app's own code"],
  ['core/manifest/lines.ts LINE', 'sticky; strings and numbers between fixed words'],
  ['deploy/nginx/place.ts source', "the operator's configuration"],
  ['template/check-templates.ts pattern', 'one of the literals of COMMENT_ENDS'],
]

const literals: (readonly [file: string, regexp: RegExp])[] = []
/** `new RegExp(…)` of anything but a name: a pattern that is put together. */
const composed: string[] = []
/** `new RegExp(NAME)` where NAME is no literal of the file. */
const named = new Set<string>()

for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.ts')) continue
  const patterns = new Set<string>()
  const names: string[] = []
  const { code } = transformSync(readFileSync(join(SRC, file), 'utf8'), { loader: 'ts', target: 'es2024' })
  full(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    const expression = node as Expression
    if (expression.type === 'Literal' && expression.regex) {
      literals.push([file, new RegExp(expression.regex.pattern, expression.regex.flags)])
    }
    if (node.type === 'VariableDeclarator') {
      const { id, init } = node as VariableDeclarator
      if (id.type === 'Identifier' && init?.type === 'Literal' && init.regex) patterns.add(id.name)
    }
    if (expression.type !== 'NewExpression' && expression.type !== 'CallExpression') return
    const { callee, arguments: given } = expression
    if (callee.type !== 'Identifier' || callee.name !== 'RegExp') return
    if (given[0]?.type === 'Identifier') names.push(given[0].name)
    else composed.push(file)
  })
  for (const name of names) if (!patterns.has(name)) named.add(`${file} ${name}`)
}

/** The regular expressions a module puts together while it loads. */
async function recordComposed(file: string): Promise<readonly RegExp[]> {
  const recorded: RegExp[] = []
  const original = globalThis.RegExp
  globalThis.RegExp = class extends original {
    constructor(pattern: RegExp | string, flags?: string) {
      super(pattern, flags)
      recorded.push(this)
    }
  } as RegExpConstructor
  try {
    await import(join(SRC, file))
  } finally {
    globalThis.RegExp = original
  }
  return recorded
}

const reviewed = new Set(REVIEWED.map(([regexp]) => keyOf(regexp)))

/** Without the backslash that only some tools write. */
function keyOf({ source, flags }: { readonly source: string; readonly flags: string }): string {
  return `/${source.replaceAll('.\\[', '.[')}/${flags}`
}

async function assertLinear(regexp: RegExp): Promise<void> {
  const { source: pattern, flags } = regexp
  if (reviewed.has(keyOf(regexp))) return
  // A sticky expression is tried at one place, not searched for.
  const source = flags.includes('y') ? `^(?:${pattern})` : pattern
  const result = await check(source, flags.replace('y', ''), { checker: 'automaton', timeout: null })
  assert.equal(
    result.status,
    'safe',
    `${regexp} ${JSON.stringify(result.status === 'unknown' ? result.error : result.complexity)}`,
  )
}

describe('every regular expression takes linear time on any text', () => {
  for (const [file, regexp] of literals) test(`${file} ${regexp}`, () => assertLinear(regexp))
  for (const file of new Set(composed)) {
    test(`${file}, put together`, async () => {
      const recorded = await recordComposed(file)
      // Those in functions would not be seen.
      assert.equal(recorded.length, composed.filter((other) => other === file).length)
      for (const regexp of recorded) await assertLinear(regexp)
    })
  }
})

test('a pattern that is only known while the program runs is reviewed', () => {
  assert.deepEqual([...named].sort(), REVIEWED_NAMES.map(([place]) => place).sort())
})

test('an expression with an exponential reading is refused', async () => {
  await assert.rejects(assertLinear(/(?:\s|\/\/.*)*x/))
})
