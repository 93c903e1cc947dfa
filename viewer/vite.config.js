// The studio's page: `npm run dev` serves it with a running `ram-sdk studio`, `npm run build` builds it into the package.
import fs from 'node:fs';

const ROUTES = ['capabilities', 'generate', 'compose', 'edit', 'retarget', 'jobs', 'motions'];
const licence = (name) => fs.readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim();

// Puts three.js' licence text above each script.
export const licensed = {
  name: 'licensed',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type === 'chunk') file.code = `/* Contains three.js.\n${licence('three')}\n*/\n${file.code}`;
    }
  },
};

export default {
  root: 'studio',
  base: './',
  build: {
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rollupOptions: {
      output: {
        entryFileNames: 'studio.js',
        assetFileNames: '[name][extname]',
      },
    },
  },
  plugins: [
    licensed,
    {
      name: 'licence-of-the-font',
      generateBundle() {
        this.emitFile({
          type: 'asset',
          fileName: 'LICENSE-Inter.txt',
          source: `${licence('@fontsource-variable/inter')}\n`,
        });
      },
    },
  ],
  server: { proxy: Object.fromEntries(ROUTES.map((route) => [`/${route}`, 'http://127.0.0.1:8000'])) },
};
