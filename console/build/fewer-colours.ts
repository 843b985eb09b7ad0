/** Leaves out what the kit has in hues that are none of ours: half of the first page's styles. */
import type { Plugin } from 'vite';

const HUES = 'red|pink|grape|violet|indigo|blue|cyan|teal|green|lime|yellow|orange';
const DECLARATION = new RegExp(`^\\s*--mantine-color-(${HUES})-[\\w-]+:[^;]*;$`, 'gm');

export function fewerColours(): Plugin {
  return {
    name: 'fewer-colours',
    enforce: 'pre',
    transform: {
      filter: { id: /default-css-variables\.layer\.css$/ },
      handler: (code) => code.replaceAll(DECLARATION, ''),
    },
  };
}
