/** Data folders of PostgreSQL and Kafka on file systems of their own, before a stack first starts in its folder. */
import { mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findPostgres, preparePostgres } from '../../stack/postgres.ts';
import { postgresUser } from '../../stack/postgres-user.ts';
import { SmallDisk } from './small-disk.ts';

export type StoringServer = 'postgres' | 'kafka';

export interface Disks {
  /** Absent where nothing can be mounted. */
  of: Partial<Record<StoringServer, SmallDisk>>;
  /** Why nothing can be mounted; null where it can. */
  missing: string | null;
}

export const NO_DISKS: Disks = { of: {}, missing: 'not asked for' };

/** @param dataDir of the stack, empty so far */
export async function openDisks(dataDir: string): Promise<Disks> {
  const kafka = await SmallDisk.mount(join(dataDir, 'kafka'));
  if (typeof kafka === 'string') return { of: {}, missing: kafka };
  const postgres = await SmallDisk.mount(join(dataDir, 'disk-of-postgres'));
  if (typeof postgres === 'string') {
    await kafka.unmount();
    return { of: {}, missing: postgres };
  }
  await preparePostgresOn(postgres.path, dataDir);
  return { of: { postgres, kafka }, missing: null };
}

export async function closeDisks({ of }: Disks): Promise<void> {
  await Promise.all(Object.values(of).map((disk) => disk.unmount()));
}

/** PostgreSQL's folder is made elsewhere and then moved, so it can't be a mount point itself. */
async function preparePostgresOn(disk: string, dataDir: string): Promise<void> {
  const folder = join(disk, 'data');
  await mkdir(folder);
  const [binaries, user] = [await findPostgres(), await postgresUser()];
  await preparePostgres({ binaries, user, dataDir: folder, port: 0 });
  for (const name of await readdir(folder)) await symlink(join(folder, name), join(dataDir, name));
}
