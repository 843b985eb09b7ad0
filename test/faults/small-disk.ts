/** A file system for one server alone, which can be full and have room again. */
import { execFile } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Only an upper bound: it is kept in memory and takes no more than what is in it. */
const ROOMY = '4g';
/** What is in use may have grown before the bound is set. */
const TRIES = 20;

export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Mounts an empty one.
   * @param path of a folder, which is made
   * @returns why it can't be mounted, where that is so: it needs root, and in a container the right to mount
   */
  static async mount(path: string): Promise<SmallDisk | string> {
    await mkdir(path, { recursive: true });
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY}`, 'tpe-faults', path]);
    } catch (error) {
      return (error as Error & { stderr?: string }).stderr?.split('\n', 1)[0] || (error as Error).message;
    }
    return new SmallDisk(path);
  }

  /** Leaves it no room beyond what it holds. */
  async fill(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { bfree, blocks, bsize } = await statfs(this.path);
      try {
        return await this.#resize(String((blocks - bfree) * bsize));
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  makeRoom(): Promise<void> {
    return this.#resize(ROOMY);
  }

  /** Also while somebody still has a file of it open. */
  async unmount(): Promise<void> {
    await run('umount', ['--lazy', this.path]);
  }

  async #resize(size: string): Promise<void> {
    await run('mount', ['-o', `remount,size=${size}`, this.path]);
  }
}
