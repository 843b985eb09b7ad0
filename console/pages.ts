/**
 * The pages. Each is a folder with `page.tsx` (its default export is the page), `en.ts` and `fr.ts`; a page whose folder is
 * not there is in no menu, and nothing leads to it.
 */
import { lazyPart } from './lib/lazy-part.tsx';
import { loadWords } from './i18n/i18n.ts';
import type { ComponentType } from 'react';

const PATHS = {
  campaigns: '/campaigns',
  'new-campaign': '/campaigns/new',
  campaign: '/campaigns/:campaignId',
  terminal: '/terminals/:tpeId',
  fleet: '/fleet',
  events: '/events',
  'dead-letters': '/dead-letters',
} as const;

export type PageName = keyof typeof PATHS;

type ParametersOf<Path extends string> = Path extends `${string}:${infer Name}`
  ? { [K in Name]: string }
  : never;

const loaders = import.meta.glob<{ default: ComponentType }>('./pages/*/page.tsx');

export interface Page {
  name: PageName;
  /** As the router takes it. */
  path: string;
  Component: ComponentType;
  /** Loads its code and words. */
  preload: () => Promise<void>;
}

/** In the order in which their addresses are tried: what is fixed comes before what has a parameter. */
export const PAGES: readonly Page[] = (Object.keys(PATHS) as PageName[]).flatMap((name) => {
  const load = loaders[`./pages/${name}/page.tsx`];
  if (!load) return [];
  const { Part: Component, preload } = lazyPart(async () => {
    const [page] = await Promise.all([load(), loadWords(name)]);
    return page;
  });
  return [{ name, path: PATHS[name], Component, preload }];
});

/** The page at an address. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find((page) => new RegExp(`^${page.path.replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path));
}

export function hasPage(name: PageName): boolean {
  return PAGES.some((page) => page.name === name);
}

/** The address of a page: `pathOf('fleet')`, `pathOf('terminal', { tpeId })`. */
export function pathOf<N extends PageName>(
  name: N,
  ...[parameters]: ParametersOf<(typeof PATHS)[N]> extends never ? [] : [ParametersOf<(typeof PATHS)[N]>]
): string {
  const values: Record<string, string> = parameters ?? {};
  return PATHS[name].replace(/:(\w+)/, (_, key: string) => encodeURIComponent(values[key] ?? ''));
}
