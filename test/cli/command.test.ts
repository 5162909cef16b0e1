import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CommandContext, type CommandResult, defineCommand } from '../../src/cli/command.ts'
import { createOutput } from '../../src/cli/output.ts'
import { createRecorder } from './support.ts'

async function execute(result: CommandResult, ...args: readonly string[]): Promise<string> {
  const [out, err] = [createRecorder(), createRecorder()]
  const command = defineCommand({
    ...{ usage: '', description: '', examples: [], options: {}, maxPositionals: 0 },
    run: async () => result,
  })
  const context = { stdout: createOutput(out.stream, {}), stderr: createOutput(err.stream, {}) }
  await command.execute(args, context as CommandContext)
  return out.text()
}

test('the JSON of a result is made only with --json: a build would read its manifest for it', async () => {
  let made = 0
  const result = { json: () => ({ made: ++made }), data: 'a\n' }
  assert.equal(await execute(result), 'a\n')
  assert.equal(made, 0)
  assert.deepEqual(JSON.parse(await execute(result, '--json')), { made: 1 })
})

test('a command without a result prints nothing at its end', async () => {
  assert.equal(await execute({}, '--json'), '')
})
