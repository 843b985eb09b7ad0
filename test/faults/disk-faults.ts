/** Disks of servers that are full for a while. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { StoringServer } from './disks.ts';
import type { Fault } from './faults.ts';
import type { World } from './world.ts';

/** PostgreSQL has this many segments of its log ready at most, or fewer. */
const MOST_SEGMENTS = 20;

export function diskFaults(world: World): Fault[] {
  return [
    full(world, 'postgres'),
    full(world, 'postgres', { name: 'postgres as its log needs more', press: () => needMoreLog(world) }),
    full(world, 'kafka'),
  ];
}

/**
 * Nothing more can be written, whoever asks. Where nothing can be mounted it is chosen nevertheless, and left out: a
 * seed makes the same choices everywhere.
 * @param press makes the server need room at once
 */
function full(
  { disks }: World,
  server: StoringServer,
  { name = server, press }: { name?: string; press?: () => Promise<void> } = {},
): Fault {
  const disk = disks.of[server];
  const subject = server;
  if (!disk) return { name: `disk full under ${name}: LEFT OUT`, subject, happen: () => Promise.resolve() };
  return {
    name: `disk full under ${name}`,
    subject,
    async happen(ms, signal) {
      await disk.fill();
      await press?.().catch(() => undefined);
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      await disk.makeRoom();
    },
  };
}

/** Begins segments of the log until there is no room for another, which ends the server: it can't commit any more. */
async function needMoreLog({ config }: World): Promise<void> {
  const client = new Client({ connectionString: config.database.url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (let n = 0; n < MOST_SEGMENTS; n++) {
      await client.query("SELECT pg_logical_emit_message(false, 'faults', 'full'), pg_switch_wal()");
    }
  } finally {
    await client.end();
  }
}
