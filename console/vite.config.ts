/** How the console is built: `npm run console:build`, `npm run console:dev`. */
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { earlyPage } from './build/early-page.ts';
import { fewerColours } from './build/fewer-colours.ts';

/** What several pages use from their first view on; dialogs and menus are loaded apart, when they are opened. */
const SMALL =
  /console.(api|lib|live|state|components.(copy|list|name|row|search|segmented|stat|time-ago|waiting))|@tanstack|lucide|(Input|NativeSelect|Textarea|CheckIcon|CloseButton)/;

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), fewerColours(), earlyPage()],
  build: {
    // The first that have light-dark() and CSS nesting, so that neither is rewritten into something larger.
    target: ['chrome125', 'edge125', 'firefox128', 'safari17.5'],
    cssTarget: ['chrome125', 'edge125', 'firefox128', 'safari17.5'],
    modulePreload: { polyfill: false },
    // As data they would need an exception in the page's security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        // On a slow line each file costs a round trip.
        codeSplitting: {
          groups: [
            { name: 'start', tags: ['$initial'] },
            { name: 'shared', minShareCount: 3, test: SMALL },
          ],
        },
      },
    },
  },
  server: { port: 5173, proxy: { '/api': 'http://127.0.0.1:8080', '/healthz': 'http://127.0.0.1:8080' } },
});
