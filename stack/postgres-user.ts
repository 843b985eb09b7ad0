import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { StackError } from './errors.ts';
import { onPath } from './tools.ts';

/** As whom PostgreSQL runs, which refuses to run as root. */
export interface PostgresUser {
  /** Null: as the user that we are. */
  ids: { uid: number; gid: number } | null;
  /** The command line that runs `command` as that user. */
  wrap(command: string, args: string[]): { command: string; args: string[] };
  /** Gives a folder to that user. */
  own(path: string): Promise<void>;
}

/**
 * Where we are root, PostgreSQL runs as the user `postgres`, or `nobody` where there is none.
 *
 * That user can't enter a checkout below a folder of mode 700 (`/root`, `mktemp -d`), so it keeps one capability
 * of root: to go through folders and read files that are not its own. It is an ambient capability, the only
 * kind that survives the change of user without marking the executable; and without `no_setuid_fixup` access(2),
 * by which PostgreSQL looks for its own programs, would not regard it.
 */
export async function postgresUser(): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) {
    return { ids: null, wrap: (command, args) => ({ command, args }), own: async () => undefined };
  }
  const ids = idsOf('postgres') ?? idsOf('nobody');
  const setpriv = await onPath('setpriv');
  if (ids === null || setpriv === null) {
    const missing = ids === null ? 'other user' : 'setpriv';
    throw new StackError(
      `PostgreSQL does not run as root, and there is no ${missing} to run it as another user.`,
      {
        remedy: 'Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL that runs.',
      },
    );
  }
  const prefix = [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups'];
  const capability = folderCapability();
  if (capability !== null) {
    prefix.push(
      `--inh-caps=+${capability}`,
      `--ambient-caps=+${capability}`,
      '--securebits=+no_setuid_fixup',
    );
  }
  return {
    ids,
    wrap: (command, args) => ({ command: setpriv, args: [...prefix, command, ...args] }),
    own: (path) => chown(path, ids.uid, ids.gid),
  };
}

/** The least capability that we have ourselves for the job: Docker gives its containers only the second. */
function folderCapability(): 'dac_read_search' | 'dac_override' | null {
  const ours = BigInt(
    `0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'}`,
  );
  const has = (bit: bigint): boolean => ((ours >> bit) & 1n) === 1n;
  const CAP = { dacOverride: 1n, dacReadSearch: 2n, setpcap: 8n };
  if (!has(CAP.setpcap)) return null;
  if (has(CAP.dacReadSearch)) return 'dac_read_search';
  return has(CAP.dacOverride) ? 'dac_override' : null;
}

function idsOf(user: string): { uid: number; gid: number } | null {
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
