/** The audit trail as a file that is written while it is read. */
import { once } from 'node:events';
import type { Response } from 'express';
import { stringify } from 'csv-stringify/sync';
import { EVENT_FIELDS } from '../audit/chain.ts';
import type { LinkedRecord } from '../audit/verify.ts';

export type EventFileFormat = 'ndjson' | 'csv';

/** A reader that takes nothing for so long has left without saying so: it would hold a connection for ever. */
const STALL_MS = 300_000;

const CONTENT_TYPES = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const satisfies Record<EventFileFormat, string>;

/** All that is hashed, so that what a spreadsheet has can be verified; what nobody reads stands last. */
const COLUMNS: readonly (keyof LinkedRecord)[] = [
  'position',
  ...EVENT_FIELDS.filter((field) => field !== 'eventId'),
  'eventId',
  'hash',
  'previousHash',
];

/** Sends records as they come, no faster than they are taken. Nothing is sent before the first piece is there. */
export class EventFile {
  readonly #response: Response;
  readonly #format: EventFileFormat;
  readonly #stallMs: number;
  readonly #gone = new AbortController();

  constructor(
    response: Response,
    format: EventFileFormat,
    { stallMs = STALL_MS }: { stallMs?: number } = {},
  ) {
    this.#response = response;
    this.#format = format;
    this.#stallMs = stallMs;
    response.once('close', () => this.#gone.abort());
  }

  /** Fires when nobody waits for the rest. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The head of the answer. */
  begin(): void {
    const day = new Date().toISOString().slice(0, 10);
    this.#response.status(200).set({
      'content-type': CONTENT_TYPES[this.#format],
      'content-disposition': `attachment; filename="events-${day}.${this.#format}"`,
      'x-accel-buffering': 'no',
    });
  }

  /**
   * Resolves when there is room for more.
   * @throws where the reader has gone, or takes nothing any more
   */
  async write(records: readonly LinkedRecord[]): Promise<void> {
    this.gone.throwIfAborted();
    const isFirst = !this.#response.headersSent;
    if (isFirst) this.begin();
    const text = this.#format === 'csv' ? toCsv(records, isFirst) : toLines(records);
    if (text === '' || this.#response.write(text)) return;
    await once(this.#response, 'drain', {
      signal: AbortSignal.any([this.gone, AbortSignal.timeout(this.#stallMs)]),
    });
  }

  end(): void {
    this.#response.end();
  }
}

function toLines(records: readonly LinkedRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

function toCsv(records: readonly LinkedRecord[], header: boolean): string {
  const rows = records.map((record) => ({ ...record, data: JSON.stringify(record.data) }));
  // What a spreadsheet would take for a formula is text to it behind an apostrophe.
  return stringify(rows, { header, columns: [...COLUMNS], escape_formulas: true });
}
