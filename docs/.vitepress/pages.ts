/** A page of the site: its title in the menu, and its file below `docs/`. */
export interface Page {
  readonly text: string
  readonly file: string
}

export interface Group {
  readonly text: string
  readonly pages: readonly Page[]
}

/** The menu of the site. A test holds that every page is in it. */
export const GROUPS: readonly Group[] = [
  group('Start', {
    'README.md': 'What do you have?',
    'getting-started.md': 'Getting started',
    'demo/README.md': 'The demo',
  }),
  group('Coming from', {
    'coming-from-fastify-static.md': '@fastify/static',
    'coming-from-django.md': 'Django',
    'coming-from-express.md': 'Express',
    'coming-from-rails.md': 'Rails',
    'guides/with-vite.md': 'Vite: do you need it?',
  }),
  group('Guides', {
    'templates/README.md': 'Templates',
    'development.md': 'Development',
    'vite.md': 'Vite',
    'starting-points.md': 'Starting points',
    'npm-packages.md': 'npm packages',
    'guides/transforms.md': 'Transforms: Sass, minifiers',
    'guides/typescript.md': 'TypeScript',
    'guides/single-page-apps.md': 'Single-page apps',
    'guides/monorepos.md': 'Monorepos',
    'media.md': 'Media files',
    'dictionaries.md': 'Shared dictionaries',
    'tabs.md': 'Tabs that outlive a deploy',
    'report.md': 'The build report',
  }),
  group('Deploy', {
    'deploy.md': 'Deployment',
    'guides/ci.md': 'CI',
    'guides/containers.md': 'Containers',
    'guides/cloudflare.md': 'Cloudflare',
    'guides/cloudfront.md': 'CloudFront and S3',
  }),
  group('Look up', {
    'configuration.md': 'Configuration',
    'commands.md': 'Commands',
    'references.md': 'References',
    'build.md': 'Building',
    'serving.md': 'Serving',
    'serving-in-detail.md': 'Serving in detail',
    'security.md': 'Security',
    'troubleshooting.md': 'Troubleshooting',
    'faq.md': 'Questions',
  }),
  group('Template engines', {
    'templates/nunjucks.md': 'Nunjucks',
    'templates/ejs.md': 'EJS',
    'templates/eta.md': 'Eta',
    'templates/handlebars.md': 'Handlebars',
    'templates/pug.md': 'Pug',
    'templates/liquid.md': 'Liquid',
    'templates/edge.md': 'Edge',
  }),
  group('About', {
    'benchmarks.md': 'Benchmarks',
    'benchmarks-in-detail.md': 'Benchmarks in detail',
    'architecture.md': 'Architecture',
    'limits.md': 'Limits',
  }),
]

/** Every page of the site. */
export const PAGES: readonly Page[] = GROUPS.flatMap(({ pages }) => pages)

/** Where a page stands on the site: `serving.md` → `/serving.html`, `demo/README.md` → `/demo/`. */
export function urlOf(file: string): string {
  return `/${indexName(file)
    .replace(/(^|\/)index\.md$/, '$1')
    .replace(/\.md$/, '.html')}`
}

/** GitHub shows README.md for a folder, a web server index.html. */
export function indexName(file: string): string {
  return file.replace(/(^|\/)README\.md/, '$1index.md')
}

function group(text: string, files: Readonly<Record<string, string>>): Group {
  return { text, pages: Object.entries(files).map(([file, title]) => ({ text: title, file })) }
}
