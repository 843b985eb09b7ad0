import { existsSync, fstatSync, openSync, readFileSync, renameSync } from 'node:fs';
import { lastLines } from './tools.ts';

/** Bytes at the end of a log that are looked at. */
const TAIL_BYTES = 20_000;
/** PostgreSQL's and Kafka's words, and Node's. */
const DISK_FULL = /No space left on device|ENOSPC/;

/** The log file of a process and of its successors; that of an earlier stack is kept beside it. */
export class ProcessLog {
  readonly file: string;
  /** Where what the newest process has written begins. */
  #from = 0;

  constructor(file: string) {
    this.file = file;
    if (existsSync(file)) renameSync(file, `${file}.1`);
  }

  /** A descriptor for a process that is about to start: its own, so that it never waits for us to read. */
  open(): number {
    const log = openSync(this.file, 'a');
    this.#from = fstatSync(log).size;
    return log;
  }

  /** The last lines. */
  tail(count = 20): string {
    return lastLines(this.#end(0).toString(), count);
  }

  /** Whether the newest process has said that there is no room on its disk: somebody must see to that. */
  saysDiskFull(): boolean {
    return DISK_FULL.test(this.#end(this.#from).toString());
  }

  #end(from: number): Buffer {
    try {
      return readFileSync(this.file).subarray(from).subarray(-TAIL_BYTES);
    } catch {
      return Buffer.alloc(0);
    }
  }
}
