/** Whether processes grow: memory, open files and sockets, sessions of the database. */
import { readdirSync, readFileSync } from 'node:fs';
import { PROCESSES, ROLES, type World } from './world.ts';

/** MB of memory that a process of Node's may have in the end; a campaign of some hundred terminals needs a third. */
const MOST_MEMORY_MB = 700;
/** Open files and sockets above those of the beginning: a pool of the database, and calls to terminals and TMSs. */
const MOST_MORE_FILES = 120;
/** Sessions that a role may have beside those of its pool: those that hold locks, and those of requests under way. */
const EXTRA_SESSIONS = 6;

/** What a process holds. */
export interface Holding {
  memoryMb: number;
  files: number;
}

/** By process; one that does not run is left out. */
export function measure(world: World): Map<string, Holding> {
  const holdings = new Map<string, Holding>();
  for (const name of PROCESSES) {
    const { pid } = world.stack.process(name);
    if (pid === undefined) continue;
    try {
      const memory = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const files = readdirSync(`/proc/${pid}/fd`).length;
      holdings.set(name, { memoryMb: Math.round(Number(memory) / 1024), files });
    } catch {
      // PostgreSQL runs as another user, whose files are not ours to list; its sessions are counted instead.
    }
  }
  return holdings;
}

/**
 * @param before at the beginning
 * @returns what has grown beyond its bound, in words
 */
export async function growth(world: World, before: ReadonlyMap<string, Holding>): Promise<string[]> {
  const grown: string[] = [];
  for (const [name, { memoryMb, files }] of measure(world)) {
    const ours = (ROLES as readonly string[]).includes(name);
    if (ours && memoryMb > MOST_MEMORY_MB) grown.push(`${name} has ${memoryMb} MB of memory`);
    const first = before.get(name)?.files ?? files;
    if (ours && files > first + MOST_MORE_FILES)
      grown.push(`${name} has ${files} open files, ${first} at first`);
  }
  const { rows } = await world.db.query<{ name: string; sessions: number; stuck: number }>(
    `SELECT application_name AS name, count(*)::integer AS sessions,
            count(*) FILTER (WHERE state LIKE 'idle in transaction%'
                             AND now() - state_change > interval '30 seconds')::integer AS stuck
     FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'faults'
     GROUP BY application_name`,
  );
  const most = world.config.database.poolSize + EXTRA_SESSIONS;
  for (const { name, sessions, stuck } of rows) {
    if (sessions > most) grown.push(`${name} has ${sessions} sessions of PostgreSQL`);
    if (stuck > 0)
      grown.push(`${name} has ${stuck} transactions of PostgreSQL open and does nothing in them`);
  }
  return grown;
}
