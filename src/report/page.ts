import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { createFilesystemStorage } from '../storage/disk/filesystem.ts'
import type { SiteReport } from './site-report.ts'

/** Saves the page of a report, and makes its folder. @param file absolute */
export async function savePage(file: string, report: SiteReport): Promise<void> {
  const folder = createFilesystemStorage({ root: dirname(file) })
  await folder.save(basename(file), Buffer.from(await renderReport(report)), { overwrite: true })
}

/** The report as one HTML page that loads nothing. */
async function renderReport(report: SiteReport): Promise<string> {
  // Beside this file in the package, where the script is bundled.
  const readOwn = (name: string) => readFile(new URL(name, import.meta.url), 'utf8')
  const [script, style] = await Promise.all([readOwn('report-client.js'), readOwn('report.css')])
  // Nothing in a script may end its element. In JSON a `<` stands in strings only.
  const data = JSON.stringify(report).replaceAll('<', '\\u003c')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Build report</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Build report</h1>
<p>Build <code>${report.digest}</code></p>
</header>
<main></main>
<noscript><p>This page draws its figures with JavaScript. <code>fingerpost report --json</code> prints them.</p></noscript>
<script type="application/json" id="report">${data}</script>
<script>${script.replaceAll('</', '<\\/')}</script>
</body>
</html>
`
}
