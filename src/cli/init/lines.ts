import type { Project } from './project.ts'

/** Lines that the user puts into a file. */
export interface Lines {
  /** Where they belong: `server.js`, `a template`. */
  readonly place: string
  readonly code: string
}

/** What the lines are about. */
export interface LinesContext {
  /** The folder of the build, as the app is told. */
  readonly out: string
  /** A name in the sources that pages can refer to; undefined if there is none yet. */
  readonly sample: string | undefined
}

/** The lines that are left to the user. @param isRegistered the app needs none to serve its build */
export function linesFor(
  project: Project,
  context: LinesContext & { readonly isRegistered: boolean },
): readonly Lines[] {
  const { app, engine, hasView, vite, plugins } = project
  const install = engine?.install
  const lacks = vite?.lacks ?? []
  const whole = ['export default {', ...lacks.map((line) => `  ${line}`), '}']
  const config = (vite?.config === undefined ? whole : lacks).join('\n')
  const notes = [
    ...(plugins && install
      ? [
          `// After the plugin, with ${install.name} of fingerpost/templates:`,
          `${install.name}(${install.into}, app.staticHelpers)`,
        ]
      : []),
    ...(engine?.reread ? [`// ${engine.title} keeps templates in memory: ${engine.reread}`] : []),
    ...(engine && !hasView
      ? ['// Where you render a template, give it the helpers: { ...reply.staticHelpers }']
      : []),
  ]
  const { loads, body } = registrationFor(project, {
    out: context.out,
    name: typeof app.instance === 'string' ? 'app' : app.instance.name,
    isAwaited: app.hasTopLevelAwait,
    into: install?.into,
  })
  const code = [...(context.isRegistered ? [] : [...loads, '', ...body]), ...notes].join('\n')
  return [
    ...(lacks.length === 0 ? [] : [{ place: vite?.config ?? 'vite.config.js', code: config }]),
    ...(code === '' ? [] : [{ place: app.name ?? 'your app', code }]),
    pageLines(project, context),
  ]
}

/** How an app registers fingerpost. */
export interface RegistrationStyle {
  /** The folder of the build, as the app is told. */
  readonly out: string
  /** The name of the Fastify instance. */
  readonly name: string
  readonly isAwaited: boolean
  /** `isDevelopment` means something in the file already. */
  readonly hasFlag?: boolean
  /** The object the engine's helpers are installed in. */
  readonly into: string | undefined
}

/** The lines that load fingerpost, and those that register it. */
export function registrationFor(
  { app: { loads }, engine, views, vite }: Project,
  { out, name, isAwaited, hasFlag = false, into }: RegistrationStyle,
): { readonly loads: readonly string[]; readonly body: readonly string[] } {
  const load = (what: string, from: string) =>
    loads === 'import' ? `import ${what} from '${from}'` : `const ${what} = require('${from}')`
  const install = into === undefined ? undefined : engine?.install?.name
  const live = [...(vite ? ['vite: true'] : []), ...(views ? [`watch: ['${views}']`] : [])].join(', ')
  const test = `process.env.NODE_ENV !== 'production'`
  const isLive = hasFlag ? test : 'isDevelopment'
  const options = `{ root: '${out}', live: ${isLive}${live === '' ? '' : ` && { ${live} }`} }`
  const call = `${install}(${into}, ${name}.staticHelpers)`
  return {
    loads: [
      load(loads === 'import' ? 'fingerpost' : '{ fingerpost }', 'fingerpost'),
      ...(install ? [load(`{ ${install} }`, 'fingerpost/templates')] : []),
    ],
    body: [
      ...(hasFlag ? [] : [`const isDevelopment = ${test}`]),
      `${isAwaited ? 'await ' : ''}${name}.register(fingerpost, ${options})`,
      ...(install ? [isAwaited ? call : `${name}.after(() => ${call})`] : []),
    ],
  }
}

function pageLines({ engine, vite }: Project, { sample }: LinesContext): Lines {
  const name = sample ?? 'css/site.css'
  const own = [/\.m?js$/.test(name) ? 'moduleTag' : 'stylesheetTag', name] as const
  const bundled = vite === undefined ? [] : [['viteTags', vite.entry] as const]
  const tags = vite !== undefined && sample === undefined ? bundled : [...bundled, own]
  if (engine !== undefined)
    return {
      place: `the <head> of a template (${engine.title})`,
      code: tags.map(([helper, name]) => engine.tag(helper, name)).join('\n'),
    }
  const html = tags.map(([helper, name]) => `\${reply.staticHelpers.${helper}('${name}')}`).join('')
  return {
    place: 'a route',
    code: `return reply.type('text/html').send(\`<!doctype html><title>Home</title>${html}<h1>Home</h1>\`)`,
  }
}
