/** The settings of the Temporal server, wherever it runs. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The file of settings, as the server takes it. */
export const TEMPORAL_SETTINGS_FILE = fileURLToPath(new URL('temporal-settings.yaml', import.meta.url));

/** The settings by name: numbers and booleans. */
export function temporalSettings(): [string, unknown][] {
  const file = parse(readFileSync(TEMPORAL_SETTINGS_FILE, 'utf8')) as Record<string, [{ value: unknown }]>;
  return Object.entries(file).map(([name, [{ value }]]) => [name, value]);
}
