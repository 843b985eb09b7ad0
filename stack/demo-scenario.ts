/** What the demo shows: its fleet, how the simulated terminals behave, and the accelerated schedule. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parse } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import type { CampaignRequest } from '../api/schemas/campaign.ts';
import { StackError } from './errors.ts';
import type { SimulatorOptions } from './roles.ts';

export const TARGET_VERSION = '4.2.0';

/** The schedule of a day within two minutes: looks get rarer, and the deadline ends what does not settle. */
export const POLICY: NonNullable<CampaignRequest['policy']> = {
  polling: {
    windows: [
      { everySeconds: 5, attempts: 6 },
      { everySeconds: 10, attempts: 6 },
      { everySeconds: 20, attempts: 6 },
    ],
  },
  deadlineSeconds: 120,
  progressEverySeconds: 1,
};

/** Nearly all succeed; every kind of trouble occurs that the platform is there for. */
const BEHAVIOUR = {
  latencyMs: { min: 1, max: 5 },
  failRate: 0.02,
  offlineRate: 0.02,
  offlineSeconds: { min: 600, max: 1_200 },
  neverBackRate: 0.5,
  lieRate: 0.005,
  lostAnswerRate: 0.01,
};

/** @param fleet path of the CSV file of terminals */
export function demoSimulator(fleet: string): SimulatorOptions {
  return {
    seed: 1,
    // An update takes 2 to 16 minutes: 4 to 32 seconds here.
    speed: 30,
    fleet: [fleet],
    tms: [
      {
        name: 'alpha',
        idempotent: true,
        ...BEHAVIOUR,
        callbacks: {
          url: 'http://127.0.0.1:8080/api/v1/tms/alpha/events',
          secret: 'alpha-callback-secret',
          rate: 0.9,
          duplicateRate: 0.05,
        },
      },
      { name: 'beta', idempotent: false, ...BEHAVIOUR },
    ],
    hardware: { latencyMs: { min: 1, max: 10 }, unreachableRate: 0.01 },
  };
}

/**
 * Writes the first `count` terminals of a fleet file to another file.
 * @throws StackError when there are not so many
 */
export async function writeFleet(from: string, count: number, to: string): Promise<void> {
  const rows: unknown[] = [];
  for await (const row of createReadStream(from).pipe(parse({ columns: true, to: count }))) rows.push(row);
  if (rows.length < count) {
    throw new StackError(`There are only ${rows.length} terminals in ${from}, not ${count}.`, {
      remedy: `Give --terminals ${rows.length} or less.`,
    });
  }
  await writeFile(to, stringify(rows, { header: true }));
}
