/** What is wrong with a fleet file, to be shown and to be kept. */
import type { Problem } from '../../api/schema.ts';

/** One fault: the line of the file, the column by its name, and what is wrong, in the API's words. */
export interface Fault {
  line: number;
  /** Undefined: the line as a whole. */
  column: string | undefined;
  message: string;
}

export interface Refusal {
  faults: readonly Fault[];
  /** Of all; the API lists the first 1,000. */
  count: number;
}

/** Undefined where the problem is none with the file. */
export function refusalOf(problem: Problem): Refusal | undefined {
  if (problem.type !== '/problems/import-refused') return undefined;
  const faults = (problem.errors ?? []).map(({ line, column, message }) => ({
    line: line ?? 1,
    column: column ?? undefined,
    message,
  }));
  return { faults, count: problem.errorCount ?? faults.length };
}

/** The faults as CSV, for a spreadsheet. */
export function reportCsv(faults: readonly Fault[]): string {
  const rows = faults.map(({ line, column, message }) => [String(line), column ?? '', message]);
  return [['line', 'column', 'message'], ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** What a spreadsheet would take for a formula has an apostrophe before it. */
function field(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Gives somebody a text as a file. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by the time that it does anything else.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
