// Builds styles/ and scripts/ into ../src/comity/site/static/built/: hashed names, a manifest from source name to hashed
// name, and a Brotli and a gzip copy of each text file, so that the server compresses nothing and browsers cache for ever.
import { build } from "esbuild";
import * as sass from "sass";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/comity/site/static/built");
const temporary = `${target}.next`;
await rm(temporary, { recursive: true, force: true });
await mkdir(temporary, { recursive: true });

const scss = {
  name: "scss",
  setup(plugins) {
    plugins.onLoad({ filter: /\.scss$/ }, ({ path }) => ({
      contents: sass.compile(path, {
        loadPaths: [join(here, "node_modules/@uswds/uswds/packages")],
        quietDeps: true,
        silenceDeprecations: ["global-builtin", "import", "if-function"],
        logger: sass.Logger.silent,
      }).css,
      loader: "css",
      resolveDir: here,
    }));
  },
};

// The blind-token library brings two providers of curves; we use the other one, and this one is 15 kB.
const oneProvider = {
  name: "one provider",
  setup(plugins) {
    plugins.onLoad({ filter: /voprf-ts\/lib\/\w+\/src\/cryptoSjcl\.js$/ }, () => ({
      contents: "exports.CryptoSjcl = undefined;",
    }));
  },
};

// The association test's plugin writes style attributes, which the policy of the pages forbids; styles/training.scss has them.
const noStyleAttributes = {
  name: "no style attributes",
  setup(plugins) {
    plugins.onLoad({ filter: /@jspsych\/plugin-iat-html\/dist\/index\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll(/ style='[^']*'/g, ""),
    }));
  },
};

const result = await build({
  absWorkingDir: here,
  entryPoints: {
    portal: "styles/portal.scss",
    toolkit: "styles/toolkit.scss",
    commitments: "styles/commitments.scss",
    planning: "styles/planning.scss",
    "portal-script": "scripts/portal.js",
    map: "scripts/map.js",
    chart: "scripts/chart.js",
    "map-style": "node_modules/maplibre-gl/dist/maplibre-gl.css",
    "map-worker": "node_modules/maplibre-gl/dist/maplibre-gl-worker.mjs",
    survey: "styles/survey.scss",
    "survey-script": "scripts/survey.js",
    "survey-code": "scripts/survey-code.js",
    "survey-receipt": "scripts/survey-receipt.js",
    "survey-paper": "scripts/survey-paper.js",
    passkey: "scripts/passkey.js",
    training: "styles/training.scss",
    association: "scripts/association.js",
    icon: "styles/icon.svg",
  },
  outdir: temporary,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16"],
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "copy" },
  plugins: [scss, oneProvider, noStyleAttributes],
  legalComments: "eof",
  metafile: true,
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const built = path.split("/").at(-1);
  const entry = output.entryPoint ?? Object.keys(output.inputs)[0];
  const name = entry.split("/").at(-1).replace(/\.scss$/, ".css").replace(/\.mjs$/, ".js");
  manifest[name] = built;
}
await writeFile(join(temporary, "manifest.json"), JSON.stringify(manifest, Object.keys(manifest).sort(), 1));

for (const name of await readdir(temporary)) {
  if (!/\.(css|js|svg)$/.test(name)) continue;
  const content = await readFile(join(temporary, name));
  await writeFile(join(temporary, `${name}.br`), brotliCompressSync(content));
  await writeFile(join(temporary, `${name}.gz`), gzipSync(content, { level: 9 }));
}
await rm(target, { recursive: true, force: true });
await rename(temporary, target);
