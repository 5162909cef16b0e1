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

/** The lines with which an app serves its build, and its pages refer to it. */
export function linesFor(project: Project, context: LinesContext): readonly Lines[] {
  const { app, vite } = project
  const lacks = vite?.lacks ?? []
  const whole = ['export default {', ...lacks.map((line) => `  ${line}`), '}']
  const config = (vite?.config === undefined ? whole : lacks).join('\n')
  return [
    ...(lacks.length === 0 ? [] : [{ place: vite?.config ?? 'vite.config.js', code: config }]),
    { place: app.name ?? 'your app', code: registration(project, context) },
    pageLines(project, context),
  ]
}

function registration({ app, engine, hasView, views, vite }: Project, { out }: LinesContext): string {
  const { loads, hasTopLevelAwait } = app
  const load = (what: string, from: string) =>
    loads === 'import' ? `import ${what} from '${from}'` : `const ${what} = require('${from}')`
  const install = engine?.install
  const live = [...(vite ? ['vite: true'] : []), ...(views ? [`watch: ['${views}']`] : [])].join(', ')
  const options = `{ root: '${out}', live: isDevelopment${live === '' ? '' : ` && { ${live} }`} }`
  const call = install && `${install.name}(${install.into}, app.staticHelpers)`
  return [
    load(loads === 'import' ? 'fingerpost' : '{ fingerpost }', 'fingerpost'),
    ...(install ? [load(`{ ${install.name} }`, 'fingerpost/templates')] : []),
    '',
    `const isDevelopment = process.env.NODE_ENV !== 'production'`,
    `${hasTopLevelAwait ? 'await ' : ''}app.register(fingerpost, ${options})`,
    ...(call ? [hasTopLevelAwait ? call : `app.after(() => {\n  ${call}\n})`] : []),
    ...(engine?.reread ? [`// ${engine.title} keeps templates in memory: ${engine.reread}`] : []),
    ...(engine && !hasView
      ? ['// Where you render a template, give it the helpers: { ...reply.staticHelpers }']
      : []),
  ].join('\n')
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
