import type { Subject } from '../result/measurement.ts'

/** What the short page begins with. */
export const SUMMARY = `How fast fingerpost serves, builds and starts, beside the programs that people would use instead. All programs were
measured in turn on the same machine. This page is written by \`npm run bench -- report\`.`

/** What the short page says about its figures. */
export const READING = `- A ratio is fingerpost's figure divided by the other program's, round by round; the median is shown.
- *Requests a second* are those of one process on one core, for prepared brotli files, over 64 connections kept alive.
- *Bare Fastify* sends a prepared buffer with the same headers: it is the limit of what a plugin can reach.
- nginx is faster for small files, because it is not JavaScript. Put it in front where that matters
  ([deployment](deploy.md#nginx-in-front)).
- A first build spends nearly all its time in the compressors. Later builds compress only what changed.

[The charts](benchmarks.html) show the spread of every figure. [Benchmarks in detail](benchmarks-in-detail.md) has all
figures, the goals, how each is measured, and how to measure them yourself.
[benchmarks.json](benchmarks.json) has every sample.`

/** What the long page begins with. */
export const INTRODUCTION = `Every figure on this page was measured with the programs it is compared with running beside it on the same machine, in turn.
[Benchmarks](benchmarks.md) has the figures that matter, [benchmarks.html](benchmarks.html) draws all of them, and
[benchmarks.json](benchmarks.json) has every sample. This page is written by the suite.

In the tables, ↑ marks figures of which more is better, ↓ those of which less is better.

\`\`\`sh
npm ci
npm run bench -- --quick          # a look of about a minute
npm run bench                     # everything, about an hour on two quiet cores
npm run bench -- --minutes 10     # as much of it as fits
npm run bench -- serve            # one subject: serve, build, scan, startup, memory, live, dictionaries or packages
npm run bench -- serve --only '100 KB'     # what has this in its name
npm run bench -- build --max-files 10000   # without the biggest made-up site
npm run bench -- serve --profile  # CPU and allocation profiles, and the hottest functions
npm run bench -- --against main   # this tree against another revision
\`\`\`

The first run installs the pinned packages of \`bench/setup/\` into \`.cache/bench\`. Programs of the system that are missing
are named, with the line that installs them, and left out. All of them on Debian 12:

\`\`\`sh
apt-get install -y --no-install-recommends wrk nginx libnginx-mod-http-brotli-static \\
  python3-django python3-whitenoise python3-brotli gunicorn
\`\`\``

/** How every figure is taken. */
export const RULES = `## How it is measured

- **Rounds.** All contestants are measured in turn, round after round, each round beginning with another one. What slows the
  machine for a while slows all of them.
- **Ratios** are taken within a round and their median is shown, with the middle half of them (first to third quartile).
  "fingerpost ÷ it" is above 1 where fingerpost's figure is the larger one; for times and memory, smaller is better.
- **Answers first.** Before a server is put under load, every answer it will give is checked: status, encoding, and the bytes after
  decoding against the build's. Under load, any answer with another status makes the round fail.
- **Goals** are judged by the median of the paired ratios, or of the figures where there is no peer. Nothing here decides a test.
- **Neighbours.** With every result stands what other programs took of the machine meanwhile: the processor time of all cores
  that was not ours (from \`/proc\`; interrupts count for nobody). Above a tenth the result is called disturbed.`

/** How the subjects are headed. */
export const HEADINGS: Readonly<Record<Subject, string>> = {
  serve: 'Serving',
  build: 'Building',
  scan: 'Scanning',
  startup: 'Starting',
  memory: 'Memory',
  live: 'Developing',
  dictionaries: 'Deltas',
  packages: 'npm packages without a bundler',
}

/** What each subject measures. */
export const METHOD: Readonly<Record<Subject, string>> = {
  serve: `The server has the last core to itself as far as the machine allows, the load generator the first (\`taskset\`). Load: wrk, one thread, 64
connections kept alive, \`Accept-Encoding: br;q=1, gzip;q=0.8\`, 0.3 seconds per slice. Every server is started anew twice for each profile and warmed
up for two seconds, as V8 compiles the same code better or worse by chance. *20 files*: made-up scripts and
style sheets of 3 to 300 KB, asked in turn (1 to 60 KB as brotli). *1 KB* to *1 MB*: one file whose brotli body has that size. *304*: the same
with If-None-Match. *404*: the hashed name of a file that is gone. All servers serve the same build.

- *bare node:http* and *bare Fastify* find a prepared buffer in a map and send it with exactly the headers that fingerpost sent: they are the limit.
  *hijacked Fastify* is bare node:http as the handler of a route, without \`reply.send\`: the limit of whatever runs the app's hooks.
- *fingerpost* is the plugin as it comes, with \`onRequest\` and \`onResponse\` hooks and the headers they set; *fingerpost shortCircuit* answers what
  the build has before Fastify sees it, so no hook runs. A miss (*404*) takes the usual way in both.
- *@fastify/static* with \`preCompressed\`, *sirv* with \`brotli\` and \`gzip\`, *nginx* with its defaults, one worker, \`brotli_static\` and \`open_file_cache\`,
  *nginx with sendfile* (beside the newer Node only) with \`sendfile\` and \`tcp_nopush\` too, *WhiteNoise*
  under gunicorn with one worker of four threads (a \`sync\` worker can't keep connections alive).
- *requests per processor second* divides by the time the server's processes really had (from \`/proc\`). Where *server busy* is well below 100 %, the load generator
  or a neighbour was the limit, and this is the figure to compare.
- *nextTick*: two million ticks in a process of its own, before and after six collections while it had nothing to do. V8 then drops what it knew of
  Node's queue of ticks, which every answer goes through several times; the plugin keeps one entry of it alive. Bare servers go without.`,

  build: `Times and memory are of the whole process, from start to exit, as the kernel accounts for them. *Cold*: no output and no cache. *Warm*: nothing
changed since. *One change*: one file got a comment.
*Fresh checkout*: what a CI job does, with every source copied anew (each stat is new, each content the same), no output, and the cache of an earlier build. *One change on an empty disk*: the same with one file changed, beside
builds that have no cache but carry over the last build (\`--previous\`), from an archive or from a server of files on loopback. The *compression floor* reads every file and compresses each distinct compressible
content once with node:zlib (brotli 11, gzip 9) on all cores; it writes nothing. Django's *collectstatic* with WhiteNoise's
CompressedManifestStaticFilesStorage, told to leave references that lead nowhere; it compresses each file under its plain and under its hashed name. *gulp-rev*: gulp-rev,
gulp-rev-rewrite, gulp-brotli and gulp-gzip. Django and gulp
are measured in fewer rounds, and gulp not at all on fontawesome-free, where gulp-rev-rewrite, trying every name in every file, takes minutes.
The made-up sites of 100 to 50,000 files have ten icons, four modules, three style sheets, one data file and two incompressible pictures in every twenty files, none like another;
one build each cold and of a fresh checkout, three each warm and with one change; the floor and Django take part where that takes no minutes.
*Encoders* compress the same five files on one core.
*Report of 10000 files*: the page of \`build --report\` for the made-up site of that size, opened from its file in a Chromium that has just started.
*Load event* and *first paint* (First Contentful Paint) count from the start of the navigation.`,

  scan: `Each reader reads a corpus of real packages twice in a process of its own, on one core; the second pass counts, in processor time. The peers only tokenize or
parse and count what they find, fingerpost's scanners also return every reference with its place. The numbers of
references differ because the peers count \`data:\` URLs too, only some of them see strings in \`@import\` and \`image-set()\`, and acorn's are export statements of any kind. *Share*: processor time of scanning every file of a
package once, cold, against that of the package's whole cold build.`,

  startup: `*Time to first answer*: from starting the process to a complete answer to a first request for a hashed file. *Memory*: resident set of the server's processes right after it. The
*empty Fastify app* has no plugin at all.`,

  dictionaries: `The files that a site would load of two pinned releases of a package, of bootstrap with one line edited, and of an app built by Vite before and after it got a page more: *br 11* is the new file whole, *dcb* and
*dcz 19* are deltas against the old one, as a build makes them, decoded and compared included. *Download*: bytes; these don't vary. *Processor time*: of one process that makes all of them.
*Builds* of a made-up site of 5,000 files, when nothing has changed and when twenty stylesheets have, without dictionaries and with (for all files instead of the 400 largest).`,

  packages: `A page of three modules that import lit and three (a scene, a material, the renderer, OrbitControls), in Chromium with a line of 1.6 Mbit/s and 150 ms
of latency (CDP \`Network.emulateNetworkConditions\`), over HTTP/1.1. *import map*: \`importMap: { packages: 'auto' }\`, every module preloaded. *Vite*: its build with defaults, minified, served
by the same plugin. With *dictionaries*, builds make deltas. The same browser visits first, after a line of the site's own code was edited, and after an update of three by a release.
*Requests* and *download* are what went over the line, the page and headers included; *first paint* is First Contentful Paint, which needs all modules.`,

  memory: `The highest resident set of building monaco-editor (102 MB), and of serving 2,000 files of 100 KB twice over.`,

  live: `*A save*: in live mode over the made-up site and a stylesheet of 200 rules that imports one of its stylesheets and names three of its pictures, that
stylesheet is saved forty times; from just before writing the file to its new name, and to the end of the answer to a request for it. *Types*: \`tsc\` checks an app
of 200 calls of \`app.static\`, with the declaration file that \`fingerpost types\` writes and without; the time of the whole process, in turn.`,
}
