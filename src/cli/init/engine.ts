/** How one template engine writes what an app with fingerpost needs. */
export interface Engine {
  readonly title: string
  readonly packageName: string
  /** Its page in the documentation. */
  readonly page: string
  /** A tag by its helper and a name: `stylesheetTag`, `css/site.css`. */
  readonly tag: (helper: string, name: string) => string
  /** What installs the helpers, where that takes more than the plugin, and the object it installs them in. */
  readonly install?: { readonly name: string; readonly into: string }
}

/** The engines that fingerpost has helpers for. */
export const ENGINES: readonly Engine[] = [
  {
    ...{ title: 'Nunjucks', packageName: 'nunjucks', page: 'nunjucks' },
    tag: (helper, name) => `{{ ${helper}('${name}') | safe }}`,
  },
  {
    ...{ title: 'EJS', packageName: 'ejs', page: 'ejs' },
    tag: (helper, name) => `<%- ${helper}('${name}') %>`,
  },
  {
    ...{ title: 'Eta', packageName: 'eta', page: 'eta' },
    tag: (helper, name) => `<%~ it.${helper}('${name}') %>`,
  },
  {
    ...{ title: 'Handlebars', packageName: 'handlebars', page: 'handlebars' },
    tag: (helper, name) => `{{${helper} '${name}'}}`,
    install: { name: 'installHandlebars', into: 'handlebars' },
  },
  {
    ...{ title: 'Pug', packageName: 'pug', page: 'pug' },
    tag: (helper, name) => `!= ${helper}('${name}')`,
  },
  {
    ...{ title: 'Liquid', packageName: 'liquidjs', page: 'liquid' },
    // Liquid names filters in lower case: stylesheet_tag.
    tag: (helper, name) =>
      `{{ '${name}' | ${helper.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} }}`,
    install: { name: 'installLiquid', into: 'liquid' },
  },
  {
    ...{ title: 'Edge', packageName: 'edge.js', page: 'edge' },
    tag: (helper, name) => `{{{ ${helper}('${name}') }}}`,
  },
]
