/** The terminals of a demo: as many of `examples/fleet.csv` as are wanted. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { ApiClient } from '../cli/http.ts';
import type { ImportResult } from '../cli/types.ts';
import { StackError } from './errors.ts';
import { inCheckout } from './launcher.ts';

/**
 * Runs `body` with the path of a CSV file of the first `count` terminals, which is gone afterwards.
 * @throws StackError when there are not so many
 */
export async function withFleet<T>(count: number, body: (fleet: string) => Promise<T>): Promise<T> {
  const scratch = await mkdtemp(join(tmpdir(), 'tpe-fleet-'));
  try {
    const fleet = join(scratch, 'fleet.csv');
    await writeFleet(inCheckout('examples', 'fleet.csv'), count, fleet);
    return await body(fleet);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeFleet(from: string, count: number, to: string): Promise<void> {
  const rows: unknown[] = [];
  for await (const row of createReadStream(from).pipe(parse({ columns: true, to: count }))) rows.push(row);
  if (rows.length < count) {
    throw new StackError(`There are only ${rows.length} terminals in ${from}, not ${count}.`, {
      remedy: `Give --terminals ${rows.length} or less.`,
    });
  }
  await writeFile(to, stringify(rows, { header: true }));
}

/** @throws CliError when the API refuses it */
export function importFleet(api: ApiClient, fleet: string): Promise<ImportResult> {
  return api.call<ImportResult>('tpes/import', {
    method: 'POST',
    body: createReadStream(fleet),
    headers: { 'content-type': 'text/csv' },
  });
}
