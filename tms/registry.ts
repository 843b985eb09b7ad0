/** Finds the adapters: every folder beside this file that has an `adapter.ts` is one. */
import { existsSync, readdirSync } from 'node:fs';
import type { TmsConfig } from '../config.ts';
import type { TmsAdapter } from './contract.ts';

/** What an `adapter.ts` exports under the name `createAdapter`. */
export type TmsAdapterFactory = (config: TmsConfig) => TmsAdapter;

const factories = new Map<string, TmsAdapterFactory>();
for (const entry of readdirSync(new URL('.', import.meta.url), { withFileTypes: true })) {
  const file = new URL(`./${entry.name}/adapter.ts`, import.meta.url);
  if (!entry.isDirectory() || !existsSync(file)) continue;
  const { createAdapter } = (await import(file.href)) as { createAdapter?: unknown };
  if (typeof createAdapter !== 'function') {
    throw new Error(`tms/${entry.name}/adapter.ts must export a function createAdapter(config)`);
  }
  factories.set(entry.name, createAdapter as TmsAdapterFactory);
}

/**
 * Makes the adapter that a TMS's configuration names. It has no limits of its own: wrap it in `guardTms`.
 * @throws Error naming the adapters that there are, when there is none of that name
 */
export function createTmsAdapter(config: TmsConfig): TmsAdapter {
  const create = factories.get(config.adapter);
  if (create) return create(config);
  const known = [...factories.keys()].sort().join(', ');
  throw new Error(`The TMS ${config.name} names the adapter ${config.adapter}; known adapters: ${known}`);
}
