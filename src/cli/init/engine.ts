/** How one template engine writes what an app with fingerpost needs. */
export interface Engine {
  readonly title: string
  readonly packageName: string
  /** A tag by its helper and a name: `stylesheetTag`, `css/site.css`. */
  readonly tag: (helper: string, name: string) => string
  /** What installs the helpers, where that takes more than the plugin, and the object it installs them in. */
  readonly install?: { readonly name: string; readonly into: string }
  /** What makes it read templates again while one develops, if it doesn't do so by itself. */
  readonly reread?: string
}

/** The engines that fingerpost has helpers for. */
export const ENGINES: readonly Engine[] = [
  {
    title: 'Nunjucks',
    packageName: 'nunjucks',
    tag: (helper, name) => `{{ ${helper}('${name}') | safe }}`,
    reread: 'give @fastify/view options: { noCache: isDevelopment }',
  },
  {
    title: 'EJS',
    packageName: 'ejs',
    tag: (helper, name) => `<%- ${helper}('${name}') %>`,
  },
  {
    title: 'Eta',
    packageName: 'eta',
    tag: (helper, name) => `<%~ it.${helper}('${name}') %>`,
  },
  {
    title: 'Handlebars',
    packageName: 'handlebars',
    tag: (helper, name) => `{{${helper} '${name}'}}`,
    install: { name: 'installHandlebars', into: 'handlebars' },
  },
  {
    title: 'Pug',
    packageName: 'pug',
    tag: (helper, name) => `!= ${helper}('${name}')`,
  },
  {
    title: 'Liquid',
    packageName: 'liquidjs',
    // Liquid names filters in lower case: stylesheet_tag.
    tag: (helper, name) =>
      `{{ '${name}' | ${helper.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} }}`,
    install: { name: 'installLiquid', into: 'liquid' },
  },
  {
    title: 'Edge',
    packageName: 'edge.js',
    tag: (helper, name) => `{{{ ${helper}('${name}') }}}`,
    reread: 'use Edge.create({ cache: !isDevelopment })',
  },
]
