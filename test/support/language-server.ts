import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { REPOSITORY } from './cli.ts'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly result?: unknown
}

interface Completions {
  readonly items: readonly { readonly label: string }[]
}

/**
 * What an editor offers at a place of a file: asked of the compiler's own language server, as editors do.
 *
 * @param marker the first place of this text; the cursor stands at its end
 */
export async function completionsAt(
  context: TestContext,
  file: string,
  marker: string,
): Promise<readonly string[]> {
  const text = readFileSync(file, 'utf8')
  const before = text.slice(0, text.indexOf(marker) + marker.length).split('\n')
  const server = startServer(context)
  const uri = pathToFileURL(file).href
  await server.ask('initialize', { processId: process.pid, rootUri: null, capabilities: {} })
  server.tell('initialized', {})
  server.tell('textDocument/didOpen', { textDocument: { uri, languageId: 'typescript', version: 1, text } })
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
  const found = await server.ask('textDocument/completion', { textDocument: { uri }, position })
  return ((found as Completions | null)?.items ?? []).map(({ label }) => label)
}

function startServer(context: TestContext) {
  const tsc = join(REPOSITORY, 'node_modules/.bin/tsc')
  const child = spawn(tsc, ['--lsp', '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
  context.after(() => child.kill())
  const waiting = new Map<number, (result: unknown) => void>()
  let count = 0
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  readMessages(child, ({ id, method, result }) => {
    if (id === undefined) return
    // It asks for the editor's settings too: there are none.
    if (method === undefined) waiting.get(id)?.(result)
    else send({ id, result: null })
  })
  return {
    tell: (method: string, params: object) => send({ method, params }),
    ask: (method: string, params: object) =>
      new Promise<unknown>((answered) => {
        count++
        waiting.set(count, answered)
        send({ id: count, method, params })
      }),
  }
}

/** Takes the stream apart into messages, each behind a header with its length in bytes. */
function readMessages(child: ChildProcess, onMessage: (message: Message) => void): void {
  let bytes = Buffer.alloc(0)
  child.stdout?.on('data', (piece: Buffer) => {
    bytes = Buffer.concat([bytes, piece])
    for (let start = bytes.indexOf('\r\n\r\n') + 4; start >= 4; start = bytes.indexOf('\r\n\r\n') + 4) {
      const end = start + Number(/Content-Length: (\d+)/i.exec(bytes.toString('latin1', 0, start))?.[1])
      if (bytes.length < end) return
      onMessage(JSON.parse(bytes.toString('utf8', start, end)) as Message)
      bytes = bytes.subarray(end)
    }
  })
}
