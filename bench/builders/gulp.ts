import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { constants } from 'node:zlib'

// The pipeline of the gulp world: gulp-rev names, gulp-rev-rewrite rewrites, gulp-brotli and gulp-gzip compress.
// Arguments: the source folder, the output folder, the package.json that the plugins are installed beside.

type Stream = NodeJS.ReadWriteStream
interface Gulp {
  src(globs: string, options: object): Stream
  dest(folder: string): Stream
}

const [source = '', out = '', peers = ''] = process.argv.slice(2)
const require = createRequire(peers)
const gulp = (await plugin('gulp')) as Gulp
const rev = (await plugin('gulp-rev')) as { (): Stream; manifest(): Stream }
const rewrite = (await plugin('gulp-rev-rewrite')) as (options?: object) => Stream
const brotli = (await plugin('gulp-brotli')) as (options: object) => Stream
const gzip = (await plugin('gulp-gzip')) as (options: object) => Stream

const COMPRESSED = `${out}/**/*.{css,js,mjs,json,map,svg,html,txt,md,ttf,otf,eot,ico,xml}`

await finished(
  gulp.src(`${source}/**/*`, { encoding: false }).pipe(rev()).pipe(rewrite()).pipe(gulp.dest(out)),
)
await Promise.all([
  finished(
    gulp
      .src(COMPRESSED, { encoding: false, allowEmpty: true })
      .pipe(brotli({ params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      .pipe(gulp.dest(out)),
  ),
  finished(
    gulp
      .src(COMPRESSED, { encoding: false, allowEmpty: true })
      .pipe(gzip({ gzipOptions: { level: 9 } }))
      .pipe(gulp.dest(out)),
  ),
])

async function plugin(name: string): Promise<unknown> {
  const module = (await import(pathToFileURL(require.resolve(name)).href)) as { readonly default: unknown }
  return module.default
}

function finished(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('finish', () => resolve())
    stream.on('error', reject)
    stream.resume()
  })
}
