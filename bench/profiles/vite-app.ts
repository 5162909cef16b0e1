import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'vite'

/**
 * An app with so many pages, each a chunk of its own, over three and Chart.js, built by Vite with its defaults.
 *
 * @param packages a folder with these packages, as the releases have them
 * @returns the folder of its files
 */
export async function buildViteApp(root: string, pages: number, packages: string): Promise<string> {
  const names = Array.from({ length: pages }, (_, page) => `page${page + 1}`)
  await mkdir(join(root, 'src'), { recursive: true })
  const files = [
    ['index.html', '<!doctype html><div id="app"></div><script type="module" src="/src/main.js"></script>'],
    ['src/site.css', names.map((name) => `.${name} { color: rebeccapurple }`).join('\n')],
    ['src/main.js', mainOf(names)],
    ...names.map((name) => [`src/${name}.js`, `export default 'The text of ${name}. '.repeat(9)\n`]),
  ]
  for (const [name = '', text = ''] of files) await writeFile(join(root, name), text)
  const alias = ['chart.js', 'three'].map((name) => ({
    find: name,
    replacement: join(packages, 'node_modules', `${name}-after`),
  }))
  await build({ root, logLevel: 'silent', configFile: false, resolve: { alias } })
  return join(root, 'dist', 'assets')
}

function mainOf(names: readonly string[]): string {
  return `import { Scene, WebGLRenderer } from 'three'
import Chart from 'chart.js/auto'
import './site.css'
const pages = { ${names.map((name) => `${name}: () => import('./${name}.js')`).join(', ')} }
const show = async () => {
  const { default: text } = await pages[location.hash.slice(1) || 'page1']()
  document.querySelector('#app').textContent = [text, Chart.version, new Scene().type, WebGLRenderer.name].join(' ')
}
addEventListener('hashchange', show)
show()
`
}
