// Bundles the player with three.js into one script for ram_sdk/assets, under three.js' licence text.
import fs from 'node:fs';
import { build } from 'esbuild';

const licence = fs.readFileSync('node_modules/three/LICENSE', 'utf8').trim();
await build({
  entryPoints: ['player.js'],
  outfile: '../ram_sdk/assets/player.js',
  bundle: true,
  minify: true,
  format: 'iife',
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: `/* Contains three.js.\n${licence}\n*/` },
});
