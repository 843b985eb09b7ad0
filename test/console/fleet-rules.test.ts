// @vitest-environment happy-dom
import { describe, expect, test } from 'vitest';
import { isFiltered, NO_FILTER, ruleOf, UNKNOWN, type Filter } from '../../console/pages/fleet/filters.ts';
import { refusalOf, reportCsv } from '../../console/pages/fleet/report.ts';
import type { Problem } from '../../console/api/schema.ts';
import { parseRule } from '../../targeting/parse.ts';

const NOW = Date.UTC(2026, 10, 27, 15, 30);
const rule = (filter: Partial<Filter>): string => ruleOf({ ...NO_FILTER, ...filter }, NOW);

describe('the rule of a filter', () => {
  test.each([
    [{}, 'all'],
    [{ q: '  ' }, 'all'],
    [{ version: '4.2.0' }, 'version = "4.2.0"'],
    [{ version: UNKNOWN }, 'version unknown'],
    [{ model: 'A920', site: 'Lyon-1', tms: 'alpha' }, 'model = "A920" and site = "Lyon-1" and tms = "alpha"'],
    [{ group: 'pilots', unseen: '7' }, 'group "pilots" and not lastSeen after "2026-11-20"'],
    [{ site: String.raw`a "b" \ c` }, String.raw`site = "a \"b\" \\ c"`],
    [{ q: '42' }, '(site like "*42*" or idTms like "*42*")'],
  ] as [Partial<Filter>, string][])('%o is %s', (filter, wanted) => {
    expect(rule(filter)).toBe(wanted);
  });

  test('finds what is searched for in small and capital letters, as rules tell them apart', () => {
    const words = rule({ q: 'saint-MALO' });
    for (const written of ['saint-MALO', 'saint-malo', 'SAINT-MALO', 'Saint-Malo']) {
      expect(words).toContain(`site like "*${written}*" or idTms like "*${written}*"`);
    }
    expect(words).not.toContain('tpeId');
  });

  test('finds a terminal by the beginning of its id', () => {
    expect(rule({ q: '3F2F8F0E-6d' })).toContain('tpeId like "3f2f8f0e-6d*"');
  });

  test.each([
    { q: 'O"Neill \\ *x*', version: UNKNOWN, group: 'pilots', unseen: '90' },
    { q: 'x'.repeat(100), site: '"'.repeat(100), model: '\\'.repeat(100) },
    { q: '3f2f8f0e', tms: 'é – ü' },
  ] as Partial<Filter>[])('is one that the platform takes: %o', (filter) => {
    expect(() => parseRule(rule(filter))).not.toThrow();
  });
});

test('a filter of nothing but blanks is none', () => {
  expect([isFiltered(NO_FILTER), isFiltered({ ...NO_FILTER, q: ' ' })]).toEqual([false, false]);
  expect(isFiltered({ ...NO_FILTER, unseen: '1' })).toBe(true);
});

describe('the report of a refused file', () => {
  const problem = (change: Partial<Problem> & { errorCount?: number }): Problem => ({
    type: '/problems/import-refused',
    title: '',
    status: 422,
    detail: '',
    instance: '',
    correlationId: 'c',
    ...change,
  });

  test('has every fault that the API lists, and how many there are', () => {
    const errors = [
      { line: 3, column: 'tpeId', message: 'must be a UUID' },
      { line: 5, column: null, message: 'has 4 fields where the header has 7' },
    ];
    expect(refusalOf(problem({ errors, errorCount: 1200 }))).toEqual({
      count: 1200,
      faults: [
        { line: 3, column: 'tpeId', message: 'must be a UUID' },
        { line: 5, column: undefined, message: 'has 4 fields where the header has 7' },
      ],
    });
  });

  test('is of problems with the file alone', () => {
    expect(refusalOf(problem({ type: '/problems/import-conflict' }))).toBeUndefined();
  });

  test('as CSV quotes what it must and gives a spreadsheet no formula', () => {
    const faults = [
      { line: 3, column: undefined, message: 'says "no", twice' },
      { line: 4, column: '=1+1', message: 'is no column' },
    ];
    expect(reportCsv(faults)).toBe(
      `line,column,message\r\n3,,"says ""no"", twice"\r\n4,'=1+1,is no column\r\n`,
    );
  });
});
