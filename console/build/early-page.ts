/** Makes index.html show something before anything else is loaded, and load what its address needs at once. */
import type { Plugin, Rollup } from 'vite';

/** The pages whose code is loaded with the first byte, by their address. */
const ADDRESSES: readonly [page: string, address: string][] = [
  ['campaigns', '^/(campaigns/?)?$'],
  ['new-campaign', '^/campaigns/new$'],
  ['campaign', '^/campaigns/(?!new$)[^/]+$'],
  ['terminal', '^/terminals/[^/]+$'],
  ['fleet', '^/fleet$'],
  ['events', '^/events$'],
  ['dead-letters', '^/dead-letters$'],
];

type Bundle = Rollup.OutputBundle;
type Chunk = Rollup.OutputChunk & { viteMetadata?: { importedCss: Set<string> } };

export function earlyPage(): Plugin {
  return {
    name: 'early-page',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        return bundle ? withChunks(stylesLast(html), bundle) : html;
      },
    },
  };
}

/** A sheet in the head holds up the first paint; after the early page it only holds up what comes then. */
function stylesLast(html: string): string {
  const links: string[] = [];
  const rest = html.replaceAll(/\s*<link rel="stylesheet"[^>]*>/g, (link) => {
    links.push(link);
    return '';
  });
  return replaceIn(rest, '</body>', `  ${links.join('').trim()}\n  </body>`);
}

/** Gives the script in the head the files of each page, by which it begins to load them before the entry is there. */
function withChunks(html: string, bundle: Bundle): string {
  const pages = ADDRESSES.flatMap(([page, address]) => {
    const code = filesOf(bundle, `/pages/${page}/page.tsx`);
    return code.length > 0 ? [[address, code, filesOf(bundle, `/pages/${page}/fr.ts`)]] : [];
  });
  const french = filesOf(bundle, '/i18n/fr.ts');
  const script = `window.chunksOf = function (path, lang) {
        var pages = ${JSON.stringify(pages)}, french = ${JSON.stringify(french)};
        var found = pages.find(function (page) { return new RegExp(page[0]).test(path); });
        return (found ? found[1] : []).concat(lang === 'fr' ? french.concat(found ? found[2] : []) : []);
      };`;
  return replaceIn(html, '/* PAGE-CHUNKS */', script);
}

function replaceIn(html: string, place: string, text: string): string {
  if (!html.includes(place)) throw new Error(`index.html has no ${place}.`);
  return html.replace(place, () => text);
}

/** The chunk that a module begins, with what it imports and its sheets; without what the entry has anyway. */
function filesOf(bundle: Bundle, module: string): string[] {
  const chunks = Object.values(bundle).filter((file): file is Chunk => file.type === 'chunk');
  const entry = chunks.find(({ isEntry }) => isEntry);
  const known = new Set(entry ? [entry.fileName, ...entry.imports] : []);
  const begun = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(module));
  if (!begun) return [];
  const wanted = [begun, ...chunks.filter(({ fileName }) => begun.imports.includes(fileName))];
  return wanted
    .filter(({ fileName }) => !known.has(fileName))
    .flatMap(({ fileName, viteMetadata }) => [fileName, ...(viteMetadata?.importedCss ?? [])])
    .map((file) => `/${file}`);
}
