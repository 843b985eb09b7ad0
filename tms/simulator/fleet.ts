/** The simulated terminals: read from CSV, shared by the TMSs and the Hardware-API. */
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { Terminal } from './terminal.ts';
import type { Vendor } from './vendor.ts';

const terminalSchema = z.object({
  tpeId: z.uuid(),
  idTms: z.string().min(1),
  tms: z.string().min(1),
  model: z.string().min(1),
  site: z.string().min(1),
  version: z.string().min(1),
});
const fleetSchema = z.array(terminalSchema);

export interface Fleet {
  /** By `tpeId`. */
  readonly terminals: ReadonlyMap<string, Terminal>;
  /**
   * Registers terminals with their TMSs, all or none.
   * @param rows objects with the columns of `examples/fleet.csv`; other columns are ignored
   * @throws Error naming the row and what is wrong with it
   */
  register(rows: unknown): number;
  /** The same from the text of a CSV file with a header line. */
  registerCsv(csv: string): number;
}

export function createFleet(vendors: ReadonlyMap<string, Vendor>): Fleet {
  const terminals = new Map<string, Terminal>();
  return { terminals, register, registerCsv };

  function register(rows: unknown): number {
    const parsed = fleetSchema.safeParse(rows);
    if (!parsed.success) throw new Error(`The fleet is not valid:\n${z.prettifyError(parsed.error)}`);
    for (const [index, { tms }] of parsed.data.entries()) {
      if (vendors.has(tms)) continue;
      throw new Error(
        `Terminal ${index + 1}: no TMS ${tms} is simulated, only ${[...vendors.keys()].join(', ')}`,
      );
    }
    for (const { version, ...row } of parsed.data) {
      const calls = { request: 0, observe: 0, cancel: 0, hardware: 0 };
      const terminal: Terminal = { ...row, initialVersion: version, operations: [], calls };
      terminals.set(row.tpeId, terminal);
      vendors.get(row.tms)?.register(terminal);
    }
    return parsed.data.length;
  }

  function registerCsv(csv: string): number {
    return register(parse(csv, { columns: true, skip_empty_lines: true, bom: true }));
  }
}

/** Registers the terminals of CSV files. */
export function loadFleet(fleet: Fleet, files: readonly string[]): number {
  let count = 0;
  for (const file of files) {
    try {
      count += fleet.registerCsv(readFileSync(file, 'utf8'));
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  return count;
}
