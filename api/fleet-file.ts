/** Reads a fleet file line by line: gives the lines that are right, collects what is wrong with the others. */
import type { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import type { Faults, ImportFault, ImportLine } from '../db/tpe-import.ts';
import { IMPORT_COLUMNS, importLine, OPTIONAL_IMPORT_COLUMNS } from './schemas/tpe.ts';

/** Longest line in bytes; a quote that is never closed must not read the whole file into memory. */
const MAX_LINE_BYTES = 64 * 1024;

interface CsvRecord {
  record: string[];
  info: { lines: number };
}

export class FleetFile {
  readonly #source: Readable;
  readonly #maxFaults: number;
  readonly #faults: ImportFault[] = [];
  #faultCount = 0;
  #lines = 0;
  #columns: string[] = [];

  /** @param maxFaults most faults to keep; the others are counted */
  constructor(source: Readable, maxFaults: number) {
    this.#source = source;
    this.#maxFaults = maxFaults;
  }

  get hasTags(): boolean {
    return this.#columns.includes('tags');
  }

  /** What was wrong with the lines that have been read, or with the file for having none. */
  faults(): Faults {
    if (this.#lines === 0 && this.#faultCount === 0) {
      const empty = this.#columns.length === 0;
      this.#fault(1, null, empty ? 'the file is empty' : 'the file has no line after the header');
    }
    return { faults: this.#faults, count: this.#faultCount };
  }

  /** The lines that are right by themselves, in order. */
  async *lines(): AsyncGenerator<ImportLine> {
    const parser = parse({
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_LINE_BYTES,
    });
    // pipe() does not carry an error or an early end of the upload over: the parser would wait for ever.
    this.#source.once('error', (error) => parser.destroy(error));
    this.#source.once('aborted', () => parser.destroy(new Error('the upload was cut off')));
    this.#source.pipe(parser);
    try {
      for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
        if (this.#columns.length === 0) {
          if (!this.#readHeader(record)) return;
          continue;
        }
        this.#lines++;
        const line = this.#readLine(record, info.lines);
        if (line) yield line;
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      this.#fault(
        Number(error['lines'] ?? 1),
        null,
        `${withoutPosition(error.message)}; the rest of the file was not read`,
      );
    } finally {
      // Whatever is left of the upload is read and dropped, so that the answer can be sent.
      this.#source.unpipe(parser);
      this.#source.resume();
    }
  }

  #readHeader(header: readonly string[]): boolean {
    this.#columns = header.map((name) => name.trim());
    const known: readonly string[] = IMPORT_COLUMNS;
    for (const [index, column] of this.#columns.entries()) {
      if (!known.includes(column)) this.#fault(1, column, `is no column; there are ${known.join(', ')}`);
      else if (this.#columns.indexOf(column) !== index) this.#fault(1, column, 'is there twice');
    }
    for (const column of known) {
      const optional = OPTIONAL_IMPORT_COLUMNS.includes(column);
      if (!optional && !this.#columns.includes(column)) this.#fault(1, column, 'is missing in the header');
    }
    return this.#faultCount === 0;
  }

  #readLine(record: readonly string[], line: number): ImportLine | undefined {
    if (record.length !== this.#columns.length) {
      this.#fault(line, null, `has ${record.length} fields where the header has ${this.#columns.length}`);
      return undefined;
    }
    const fields = this.#columns.map((column, index) => [column, readField(column, record[index] ?? '')]);
    const parsed = importLine.safeParse(Object.fromEntries(fields));
    if (parsed.success) return { line, ...parsed.data, version: parsed.data.version ?? null };
    for (const { path, message } of parsed.error.issues) {
      this.#fault(line, String(path[0] ?? ''), message.endsWith('received undefined') ? 'is empty' : message);
    }
    return undefined;
  }

  #fault(line: number, column: string | null, message: string): void {
    this.#faultCount++;
    if (this.#faults.length < this.#maxFaults) this.#faults.push({ line, column, message });
  }
}

function readField(column: string, text: string): string | string[] | undefined {
  const value = text.trim();
  if (column === 'tags')
    return value
      .split(';')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '');
  return value === '' ? undefined : value;
}

/** The parser's messages end in where it was, which the fault says already. */
function withoutPosition(message: string): string {
  return message.replace(/(,)? (at|on) line \d+.*$/, '');
}
