// Builds the package's pages, into the package's folder or the one given: the player of exported pages, a single
// script with three.js' licence text, and the studio.
import path from 'node:path';
import { build } from 'vite';
import { licensed } from './vite.config.js';

const target = path.resolve(process.argv[2] ?? '../ram_sdk');

await build({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [licensed],
  build: {
    lib: { entry: 'player.js', formats: ['iife'], name: 'player', fileName: () => 'player.js' },
    outDir: `${target}/assets`,
    emptyOutDir: false,
  },
});
await build({ logLevel: 'warn', build: { outDir: `${target}/studio/static` } });
