import { execFileSync } from 'node:child_process';
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
 * That user can't enter a checkout below a folder of mode 700 (`/root`, `mktemp -d`), so it keeps one
 * capability of root, CAP_DAC_READ_SEARCH: to go through folders and read files that are not its own. It is an
 * ambient capability, the only kind that survives the change of user without marking the executable.
 */
export async function postgresUser(): Promise<PostgresUser> {
  if (process.getuid?.() !== 0) {
    return { ids: null, wrap: (command, args) => ({ command, args }), own: async () => undefined };
  }
  const ids = idsOf('postgres') ?? idsOf('nobody');
  const setpriv = await onPath('setpriv');
  if (ids === null || setpriv === null) {
    throw new StackError(
      `PostgreSQL does not run as root, and there is no ${ids === null ? 'other user' : 'setpriv'} to run it as another user.`,
      { remedy: 'Run this as an ordinary user, or set DATABASE_URL to a PostgreSQL that runs.' },
    );
  }
  const capability = '+dac_read_search';
  const prefix = [
    `--reuid=${ids.uid}`,
    `--regid=${ids.gid}`,
    '--clear-groups',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
  ];
  return {
    ids,
    wrap: (command, args) => ({ command: setpriv, args: [...prefix, command, ...args] }),
    own: (path) => chown(path, ids.uid, ids.gid),
  };
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
