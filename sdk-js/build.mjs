// Builds what the page loads: the script-tag global, the ES module, the module without rendering, and the chat.
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';
import { minify } from 'terser';
import { internalNames } from './names.mjs';

const OUTPUTS = [
  { entry: 'src/script.ts', format: 'iife', file: 'onboarding-agent-sdk.js' },
  { entry: 'src/index.ts', format: 'esm', file: 'onboarding-agent-sdk.mjs' },
  { entry: 'src/core.ts', format: 'esm', file: 'core.mjs' },
];
/** One of these is loaded, by the language of the page. */
const CHATS = [
  { entry: 'src/chat/en.ts', format: 'esm', file: 'onboarding-agent-chat.js' },
  { entry: 'src/chat/ar.ts', format: 'esm', file: 'onboarding-agent-chat-ar.js' },
];
const shortened = new RegExp(`^(${internalNames().join('|')})$`);

/** Works the style sheet out and minifies it, so that the script carries one plain string. */
const styles = {
  name: 'styles',
  setup({ onLoad }) {
    onLoad({ filter: /\/styles\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, 'utf8'), { loader: 'ts', format: 'esm' });
      const { CSS } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
      const sheet = await transform(CSS, { loader: 'css', minify: true, target: 'es2022' });
      return { contents: `export const CSS = ${JSON.stringify(sheet.code.trim())}`, loader: 'js' };
    });
  },
};

/** esbuild joins the modules; terser, which looks across functions, makes the result about 5 % smaller once compressed. */
async function bundle({ entry, format, file, define }) {
  const outfile = `dist/${file}`;
  const common = { bundle: true, minify: true, target: 'es2022', sourcemap: true, legalComments: 'none', logLevel: 'warning' };
  await build({ ...common, entryPoints: [entry], format, outfile, plugins: [styles], define });
  const { code, map } = await minify(
    { [file]: await readFile(outfile, 'utf8') },
    {
      ecma: 2020,
      module: format === 'esm',
      toplevel: true,
      compress: { passes: 4, unsafe_arrows: true, pure_getters: true, unsafe: true, keep_fargs: false },
      // The list is made with the browser's own names in mind: terser's guess at those is not needed.
      mangle: { properties: { regex: shortened, keep_quoted: true, builtins: true } },
      // No link to it in the script: it is not served, only kept.
      sourceMap: { content: await readFile(`${outfile}.map`, 'utf8') },
    },
  );
  await Promise.all([writeFile(outfile, code), writeFile(`${outfile}.map`, map)]);
  return code;
}

// React is the host's own, and the component small: nothing is joined or shortened.
await build({ entryPoints: ['src/react.ts'], outfile: 'dist/react.mjs', format: 'esm', target: 'es2022', minify: true });
const chats = await Promise.all(CHATS.map(bundle));
// The address names the version, so that nobody's cache holds another one than this script was built with.
const version = createHash('sha256').update(chats.join()).digest('hex').slice(0, 8);
const define = { CHAT_VERSION: JSON.stringify(version) };
await Promise.all(OUTPUTS.map((output) => bundle({ ...output, define })));
