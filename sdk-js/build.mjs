// Builds what the page loads: the script-tag global, the ES module, and the module without rendering.
import { build } from 'esbuild';

const common = {
  bundle: true,
  minify: true,
  target: ['es2022'],
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Names that begin with an underscore belong to one module alone, so they may shrink.
  mangleProps: /^_[a-z]/,
};

await Promise.all([
  build({ ...common, entryPoints: ['src/script.ts'], format: 'iife', outfile: 'dist/onboarding-agent-sdk.js' }),
  build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/onboarding-agent-sdk.mjs' }),
  build({ ...common, entryPoints: ['src/core.ts'], format: 'esm', outfile: 'dist/core.mjs' }),
]);
