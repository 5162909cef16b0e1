import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** Reads one file's text completely, as far as it would have to for finding references. Returns how much it found. */
export type Reader = (text: string, path: string) => number

/** What a reader is made from. */
export interface ReaderPlace {
  /** The package.json that the peers are installed beside. */
  readonly peers: string
}

type ReaderMaker = (place: ReaderPlace) => Promise<Reader>

/** Every reader by name. Each loads only its own package, as each runs in a process of its own. */
export const READERS: Readonly<Record<string, ReaderMaker>> = {
  fingerpost: async () => {
    const { createScanners } = await import('../../src/scan/scanners.ts')
    const scanners = await createScanners()
    return (text, path) => scanners.find((one) => one.accepts(path))?.scan(text).references.length ?? 0
  },

  '@csstools/css-tokenizer': async () => {
    const { tokenize } = await import('@csstools/css-tokenizer')
    return (css) => tokenize({ css }).filter((token) => token[0] === 'url-token').length
  },

  'css-tree tokenizer': async ({ peers }) => {
    const cssTree = createRequire(peers)('css-tree') as {
      tokenize(css: string, onToken: (type: number) => void): void
      readonly tokenTypes: { readonly Url: number }
    }
    return (css) => {
      let urls = 0
      cssTree.tokenize(css, (type) => {
        if (type === cssTree.tokenTypes.Url) urls++
      })
      return urls
    }
  },

  'css-tree parser': async ({ peers }) => {
    const cssTree = createRequire(peers)('css-tree') as {
      parse(css: string, options: object): object
      walk(tree: object, options: { readonly visit: 'Url'; enter(): void }): void
    }
    return (css) => {
      let urls = 0
      cssTree.walk(cssTree.parse(css, { positions: true }), { visit: 'Url', enter: () => void urls++ })
      return urls
    }
  },

  'postcss + value-parser': async ({ peers }) => {
    const require = createRequire(peers)
    const postcss = require('postcss') as {
      parse(css: string): { walkDecls(visit: (declaration: { readonly value: string }) => void): void }
    }
    const parseValue = require('postcss-value-parser') as (value: string) => {
      walk(visit: (node: { readonly type: string; readonly value: string }) => void): void
    }
    return (css) => {
      let urls = 0
      postcss.parse(css).walkDecls(({ value }) => {
        parseValue(value).walk(({ type, value: name }) => {
          if (type === 'function' && name.toLowerCase() === 'url') urls++
        })
      })
      return urls
    }
  },

  lightningcss: async ({ peers }) => {
    const { transform } = createRequire(peers)('lightningcss') as {
      transform(options: object): { readonly dependencies?: readonly object[] }
    }
    return (css, path) =>
      transform({ filename: path, code: Buffer.from(css), analyzeDependencies: true, errorRecovery: true })
        .dependencies?.length ?? 0
  },

  'es-module-lexer': async ({ peers }) => {
    const file = createRequire(peers).resolve('es-module-lexer')
    const lexer = (await import(pathToFileURL(file).href)) as {
      init(): Promise<void>
      parse(text: string): readonly [readonly object[], ...unknown[]]
    }
    await lexer.init()
    return (text) => lexer.parse(text)[0].length
  },

  acorn: async ({ peers }) => {
    const { parse } = createRequire(peers)('acorn') as {
      parse(text: string, options: object): { readonly body: readonly { readonly type: string }[] }
    }
    // Its tree is not walked: parsing alone already tells how it compares.
    return (text) => parse(text, { ecmaVersion: 'latest', sourceType: 'module' }).body.filter(isImport).length
  },

  'oxc-parser': async ({ peers }) => {
    const { parseSync } = createRequire(peers)('oxc-parser') as {
      parseSync(
        path: string,
        text: string,
      ): { readonly module: { readonly staticImports: readonly object[] } }
    }
    return (text, path) => parseSync(path, text).module.staticImports.length
  },
}

function isImport({ type }: { readonly type: string }): boolean {
  return type.startsWith('Import') || type.startsWith('ExportAll') || type.startsWith('ExportNamed')
}
