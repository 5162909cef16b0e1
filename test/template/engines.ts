import type { FastifyViewOptions } from '@fastify/view'
import { Edge } from 'edge.js'
import ejs from 'ejs'
import { Eta } from 'eta'
import Handlebars from 'handlebars'
import { Liquid } from 'liquidjs'
import nunjucks from 'nunjucks'
import pug from 'pug'
import {
  installEdge,
  installHandlebars,
  installLiquid,
  installNunjucks,
  type TemplateHelpers,
} from '../../src/templates.ts'

/** One page in the language of one engine, and how to render it. */
export interface EnginePage {
  readonly engine: string
  /** The extension its templates customarily have. */
  readonly extension: string
  readonly source: string
  /** What @fastify/view is registered with, apart from `root`, with the helpers installed as the documentation says. */
  viewOptions(helpers: TemplateHelpers, root: string): Pick<FastifyViewOptions, 'engine' | 'options'>
  /** Renders text with the helpers installed as the documentation says. */
  render(source: string, helpers: TemplateHelpers, data?: object): Promise<string> | string
}

const page = (head: string, body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>page</title>
${head}
</head><body>
${body}
</body></html>
`

/** The same page for every engine: two tags with options, an image whose URL has a query, an integrity. */
export const ENGINE_PAGES: readonly EnginePage[] = [
  {
    engine: 'Nunjucks',
    extension: '.njk',
    source: page(
      `{{ stylesheetTag('css/site.css', media='screen') | safe }}\n{{ moduleTag('js/app.js') | safe }}`,
      `{% static 'img/logo.svg' as logo %}<img src="{% static 'img/logo.svg?v=1&w=2' %}" alt="{{ staticIntegrity('img/logo.svg') }}">
<a href="{{ logo }}">{{ 'img/logo.svg' | static }} {{ static('img/logo.svg') }}</a>`,
    ),
    viewOptions: (helpers) => ({
      engine: { nunjucks },
      options: { autoescape: true, onConfigure: (made: never) => installNunjucks(made, helpers) },
    }),
    render(source, helpers, data = {}) {
      const environment = new nunjucks.Environment(null, { autoescape: true })
      installNunjucks(environment, helpers)
      return environment.renderString(source, data)
    },
  },
  {
    engine: 'EJS',
    extension: '.ejs',
    source: page(
      `<%- stylesheetTag('css/site.css', { media: 'screen' }) %>\n<%- moduleTag('js/app.js') %>`,
      `<img src="<%= static('img/logo.svg?v=1&w=2') %>" alt="<%= staticIntegrity('img/logo.svg') %>">
<a href="<%= static('img/logo.svg') %>"><%= static('img/logo.svg') %> <%= static('img/logo.svg') %></a>`,
    ),
    viewOptions: () => ({ engine: { ejs } }),
    render: (source, helpers, data = {}) => ejs.render(source, { ...helpers, ...data }),
  },
  {
    engine: 'Eta',
    extension: '.eta',
    source: page(
      `<%~ it.stylesheetTag('css/site.css', { media: 'screen' }) %>\n<%~ it.moduleTag('js/app.js') %>`,
      `<img src="<%= it.static('img/logo.svg?v=1&w=2') %>" alt="<%= it.staticIntegrity('img/logo.svg') %>">
<a href="<%= it.static('img/logo.svg') %>"><%= it.static('img/logo.svg') %> <%= it.static('img/logo.svg') %></a>`,
    ),
    viewOptions: () => ({ engine: { eta: new Eta() } }),
    render: (source, helpers, data = {}) =>
      new Eta({ autoTrim: false }).renderString(source, { ...helpers, ...data }),
  },
  {
    engine: 'Handlebars',
    extension: '.hbs',
    source: page(
      `{{stylesheetTag 'css/site.css' media='screen'}}\n{{moduleTag 'js/app.js'}}`,
      `<img src="{{static 'img/logo.svg?v=1&w=2'}}" alt="{{staticIntegrity 'img/logo.svg'}}">
<a href="{{static 'img/logo.svg'}}">{{static "img/logo.svg"}} {{static 'img/logo.svg'}}</a>`,
    ),
    viewOptions(helpers) {
      const handlebars = Handlebars.create()
      installHandlebars(handlebars, helpers)
      return { engine: { handlebars } }
    },
    render(source, helpers, data = {}) {
      const engine = Handlebars.create()
      installHandlebars(engine, helpers)
      return engine.compile(source)(data)
    },
  },
  {
    engine: 'Pug',
    extension: '.pug',
    source: `doctype html
html(lang='en')
  head
    meta(charset='utf-8')
    title page
    != stylesheetTag('css/site.css', { media: 'screen' })
    != moduleTag('js/app.js')
  body
    img(src=static('img/logo.svg?v=1&w=2') alt=staticIntegrity('img/logo.svg'))
    a(href=static('img/logo.svg'))
      = static('img/logo.svg') + ' '
      = static('img/logo.svg')
`,
    viewOptions: () => ({ engine: { pug } }),
    render: (source, helpers, data = {}) => pug.render(source, { ...helpers, ...data }),
  },
  {
    engine: 'Liquid',
    extension: '.liquid',
    source: page(
      `{{ 'css/site.css' | stylesheet_tag: media: 'screen' }}\n{{ 'js/app.js' | module_tag }}`,
      `<img src="{% static 'img/logo.svg?v=1&w=2' %}" alt="{{ 'img/logo.svg' | static_integrity }}">
<a href="{{ 'img/logo.svg' | static }}">{% static 'img/logo.svg' %} {{ "img/logo.svg" | static }}</a>`,
    ),
    viewOptions(helpers, root) {
      const liquid = new Liquid({ root })
      installLiquid(liquid, helpers)
      return { engine: { liquid } }
    },
    render(source, helpers, data = {}) {
      const engine = new Liquid({ outputEscape: 'escape' })
      installLiquid(engine, helpers)
      return engine.parseAndRender(source, data)
    },
  },
  {
    engine: 'Edge',
    extension: '.edge',
    source: page(
      `{{{ stylesheetTag('css/site.css', { media: 'screen' }) }}}\n{{{ moduleTag('js/app.js') }}}`,
      `<img src="{{ static('img/logo.svg?v=1&w=2') }}" alt="{{ staticIntegrity('img/logo.svg') }}">
<a href="{{ static('img/logo.svg') }}">{{ static('img/logo.svg') }} {{ static('img/logo.svg') }}</a>`,
    ),
    viewOptions(helpers, root) {
      const edge = Edge.create()
      edge.mount(root)
      installEdge(edge, helpers)
      return { engine: { edge } }
    },
    render(source, helpers, data = {}) {
      const edge = Edge.create()
      installEdge(edge, helpers)
      return edge.renderRaw(source, data)
    },
  },
]
