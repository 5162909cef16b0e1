import { type Token, Tokenizer, TokenizerMode } from 'parse5'
import { extensionOf } from '../../core/path.ts'
import type { Spelling } from '../../core/reference/reference.ts'
import { createFindings, type Findings } from '../findings.ts'
import { scanModule } from '../javascript/javascript.ts'
import type { Scan, ScanNote, Scanner, Span } from '../scanner.ts'
import { scanImportMap } from './import-map.ts'
import { nestFindings, scanNestedCss } from './markup.ts'
import { readTag, spellValue } from './tag.ts'

/** How the text of an element is read (HTML §13.2.6.4): without markup in it. */
const TEXT_MODES: Readonly<Record<string, Tokenizer['state']>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
}

/**
 * Reads HTML files, where the sources have them and the option says so. It works on tokens: building a tree takes
 * quadratic time on hostile nesting and would tell nothing more.
 */
export const htmlScanner: Scanner = {
  name: 'html',
  version: 4,
  accepts: (path) => ['.html', '.htm'].includes(extensionOf(path)),
  scan: scanHtml,
}

function scanHtml(html: string): Scan {
  const findings = createFindings()
  const { hasBase } = scanPage(html, findings, scanSrcdoc)
  return hasBase ? { references: [], notes: [baseNote()] } : findings.toScan()
}

type ReadSrcdoc = (document: Spelling, findings: Findings) => void

function scanPage(html: string, findings: Findings, readSrcdoc: ReadSrcdoc): { readonly hasBase: boolean } {
  let hasBase = false
  /** The language of the text that begins here; undefined for markup. */
  let inner: { readonly start: number; readonly language: InnerLanguage } | undefined
  const ignore = () => undefined
  const tokenizer = new Tokenizer(
    { sourceCodeLocationInfo: true },
    {
      onStartTag(tag) {
        hasBase ||= tag.tagName === 'base' && tag.attrs.some(({ name }) => name === 'href')
        readTag(html, tag, findings)
        const srcdoc = tag.tagName === 'iframe' && tag.attrs.find(({ name }) => name === 'srcdoc')
        const document = srcdoc && spellValue(html, tag.location?.attrs?.['srcdoc'], srcdoc.value)
        if (document) readSrcdoc(document, findings)
        const language = innerLanguageOf(tag)
        inner = language && { start: tag.location?.endOffset ?? 0, language }
        tokenizer.state = TEXT_MODES[tag.tagName] ?? TokenizerMode.DATA
        tokenizer.lastStartTagName = tag.tagName
      },
      onEndTag(tag) {
        const end = tag.location?.startOffset ?? 0
        if (inner !== undefined) {
          const { start, language } = inner
          const text = html.slice(start, end)
          scanInner({ text, start, end, escapeText: (part) => part }, language, findings)
        }
        inner = undefined
      },
      onCharacter: ignore,
      onComment: ignore,
      onDoctype: ignore,
      onEof: ignore,
      onNullCharacter: ignore,
      onWhitespaceCharacter: ignore,
    },
  )
  tokenizer.write(html, true)
  return { hasBase }
}

/**
 * The document of an `<iframe srcdoc>`, whose URLs are relative to the page (HTML §4.8.5). A literal put in there could
 * end the attribute, and a document within it would take more than linear time.
 */
function scanSrcdoc(document: Spelling, findings: Findings): void {
  const nested = nestFindings(findings, document)
  const leave = (span: Span, message: string) =>
    nested.addNote({ code: 'dynamic', severity: 'warning', ...span, message })
  if (/<base\b/i.test(document.text)) {
    const { start, end } = document
    const message = 'is a document with a <base>; its URLs are left as they are.'
    findings.addNote({ code: 'dynamic', severity: 'note', start, end, message })
    return
  }
  const inner: Findings = {
    ...nested,
    addUrl(kind, spelling, { integrity, ...extras } = {}) {
      nested.addUrl(kind, spelling, extras)
      if (integrity !== undefined) leave(integrity, 'is an integrity in srcdoc, which is left as it is.')
    },
  }
  scanPage(document.text, inner, ({ start, end }) =>
    leave({ start, end }, 'is a document within a srcdoc; its URLs are left as they are.'),
  )
}

function baseNote(): ScanNote {
  const message = 'has a <base href> that decides where its URLs lead; they are left as they are.'
  return { code: 'dynamic', severity: 'note', start: 0, end: 0, message }
}

type InnerLanguage = 'css' | 'module' | 'import-map'

function innerLanguageOf({ tagName, attrs }: Token.TagToken): InnerLanguage | undefined {
  if (tagName === 'style') return 'css'
  if (tagName !== 'script') return undefined
  const type = attrs
    .find(({ name }) => name === 'type')
    ?.value.trim()
    .toLowerCase()
  if (type === 'importmap') return 'import-map'
  return type === 'module' ? 'module' : undefined
}

function scanInner(text: Spelling, language: InnerLanguage, findings: Findings): void {
  if (language === 'css') scanNestedCss(text, findings)
  else if (text.text.trim() === '') return
  else if (language === 'module') scanModule(text.text, nestFindings(findings, text))
  else scanImportMap(text.text, nestFindings(findings, text))
}
