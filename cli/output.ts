/** How the command line writes: for people in aligned columns, for programs as JSON. */
import { styleText, stripVTControlCharacters } from 'node:util';
import type { Fault, ProblemDocument } from './http.ts';

/** A column of a table: its heading and what to show of a row. */
export interface Column<T> {
  title: string;
  value: (row: T) => string | number | null | undefined;
  align?: 'left' | 'right';
}

const GAP = '  ';
/** Characters of a rule that are shown around a fault. */
const LINE = 100;

/** Rows as aligned columns under a line of headings. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const cells = rows.map((row) => columns.map(({ value }) => String(value(row) ?? '–')));
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...cells.map((line) => width(line[i] ?? ''))),
  );
  const lay = (line: readonly string[]): string =>
    line
      .map((cell, i) => {
        const fill = ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(cell)));
        return columns[i]?.align === 'right' ? fill + cell : cell + fill;
      })
      .join(GAP)
      .trimEnd();
  const heading = styleText('bold', lay(columns.map(({ title }) => title)), { stream: process.stdout });
  return [heading, ...cells.map(lay)].join('\n');
}

/** What a list command prints: a table, or `none` where there is nothing in it; as JSON all that the API gives. */
export function printList<T>(
  items: readonly T[],
  { json, none }: { json: boolean | undefined; none: string },
  columns: readonly Column<T>[],
): void {
  if (json) return printJson({ items });
  print(items.length === 0 ? none : table(items, columns));
}

/** Names and values, one per line. */
export function fields(pairs: readonly (readonly [string, string | number | null | undefined])[]): string {
  const longest = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(longest)}  ${value ?? '–'}`).join('\n');
}

function width(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** A problem on stderr: as one line of JSON, or in words with each fault and where it is. */
export function printProblem(problem: ProblemDocument, json: boolean): void {
  if (json) {
    process.stderr.write(`${JSON.stringify(problem)}\n`);
    return;
  }
  const title = styleText('red', problem.title, { stream: process.stderr });
  const lines = [`${title}${problem.detail ? `: ${problem.detail}` : ''}`];
  const errors = problem.errors ?? [];
  const places = errors.map(describePlace);
  const longest = Math.min(40, Math.max(0, ...places.map((place) => place.length)));
  for (const [i, { message }] of errors.entries()) {
    lines.push(`  ${(places[i] ?? '').padEnd(longest)}  ${message}`.trimEnd());
  }
  lines.push(...pointAtFault(problem));
  process.stderr.write(`${lines.join('\n')}\n`);
}

/** The line of a rule that has a fault, with a caret under each character at fault; nothing for other problems. */
function pointAtFault({ rule, offset, length }: ProblemDocument): string[] {
  if (typeof rule !== 'string' || typeof offset !== 'number') return [];
  const start = rule.lastIndexOf('\n', offset - 1) + 1;
  const end = rule.indexOf('\n', offset);
  const line = rule.slice(start, end < 0 ? undefined : end);
  const before = Array.from(rule.slice(start, offset)).length;
  const at = Array.from(line.slice(offset - start, offset - start + Math.max(1, Number(length) || 1))).length;
  // What does not fit a screen is cut around the fault.
  const from = Math.max(0, before - LINE / 2);
  const shown = Array.from(line.replaceAll('\t', ' '))
    .slice(from, from + LINE)
    .join('');
  const carets = '^'.repeat(Math.max(1, Math.min(at, LINE - (before - from))));
  return ['', `  ${shown}`, `  ${' '.repeat(before - from)}${carets}`];
}

function describePlace({ pointer, parameter, header, line, column }: Fault): string {
  if (line !== undefined) return `line ${line}${column ? `, ${column}` : ''}`;
  if (pointer !== undefined) return pointer === '' ? 'body' : pointer;
  return parameter ?? header ?? '';
}

/** A moment in local time, to the second. */
export function moment(iso: string | null | undefined): string | null {
  if (!iso) return null;
  const at = new Date(iso);
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}
