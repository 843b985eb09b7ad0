import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Parameters } from '../../db/parameters.ts';
import { readVersionOrder } from '../../db/version-order.ts';
import { combine, negate, type Rule } from '../../targeting/ast.ts';
import { parseRule } from '../../targeting/parse.ts';
import { printRule } from '../../targeting/print.ts';
import { ruleToSql } from '../../targeting/sql.ts';
import { createTestDatabase, type TestDatabase } from '../support/stack.ts';
import { compareVersions, holds, rules, terminals, VERSIONS, type Terminal } from './arbitrary-rules.ts';

let database: TestDatabase;
let db: Client;
let fleet: Terminal[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Client({ connectionString: database.url });
  await db.connect();
  // Always the same ones, of which each rule selects some.
  fleet = fc.sample(terminals, { numRuns: 300, seed: 1 }).map((terminal, n) => ({
    ...terminal,
    tpeId: `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
    idTms: ['A920', 'L', '日本'][n] ?? `T${n}`,
  }));
  for (const { tpeId, idTms, tms, model, site, tags, version, active, lastSeen } of fleet) {
    await db.query(
      `INSERT INTO tpe (tpe_id, id_tms, tms, model, site, tags, version_courante, statut, last_seen)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [tpeId, idTms, tms, model, site, tags, version, active ? 'ACTIVE' : 'INACTIVE', lastSeen],
    );
  }
});
afterAll(async () => {
  await db.end();
  await database.drop();
});

async function select(rule: Rule): Promise<string[]> {
  const parameters = new Parameters();
  const versions = await readVersionOrder(db, [rule]);
  const { rows } = await db.query<{ tpe_id: string }>(
    `SELECT tpe_id FROM tpe t WHERE ${ruleToSql(rule, { parameters, versions })} ORDER BY tpe_id`,
    parameters.values,
  );
  return rows.map(({ tpe_id: id }) => id);
}

const expected = (rule: Rule): string[] =>
  fleet.filter((terminal) => holds(rule, terminal)).map(({ tpeId }) => tpeId);

describe('the database selects', () => {
  test('what the rule says, terminal by terminal', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (rule) => {
        expect(await select(rule), printRule(rule)).toEqual(expected(rule));
      }),
      { numRuns: 300 },
    );
  });

  test('by not exactly the others', async () => {
    await fc.assert(
      fc.asyncProperty(rules, async (rule) => {
        const both = [...(await select(rule)), ...(await select(negate(rule)))];
        expect(both.sort()).toEqual(fleet.map(({ tpeId }) => tpeId));
      }),
      { numRuns: 150 },
    );
  });

  test('by not (a and b) what not a or not b selects', async () => {
    await fc.assert(
      fc.asyncProperty(rules, rules, async (a, b) => {
        const one = await select(negate(combine('and', [a, b])));
        expect(one).toEqual(await select(combine('or', [negate(a), negate(b)])));
      }),
      { numRuns: 100 },
    );
  });

  test.each<[string, (terminal: Terminal) => boolean]>([
    [
      'version < "4.10"',
      ({ version }) => ['4.2', '4.2.0', '4.2.0-rc1', '4.2.0+5', '4.9', '3'].includes(version ?? ''),
    ],
    ['version = "4.2"', ({ version }) => ['4.2', '4.2.0'].includes(version ?? '')],
    ['version = "4.2.0-rc1"', ({ version }) => version === '4.2.0-rc1'],
    ['version = "beta"', ({ version }) => version === 'beta'],
    ['version != "4.2"', ({ version }) => !['4.2', '4.2.0'].includes(version ?? '')],
    ['not (version < "4.10")', ({ version }) => ['4.10', '4.10.1', 'beta', '', null].includes(version)],
    ['version unknown', ({ version }) => version === null],
    ['version >= "99"', () => false],
    ['site like "Lyon_*"', ({ site }) => site === 'Lyon_12'],
    ['site like "*%"', ({ site }) => site === 'Lyon%'],
  ])('by %s what people expect', async (text, wanted) => {
    expect(await select(parseRule(text))).toEqual(fleet.filter(wanted).map(({ tpeId }) => tpeId));
  });

  test('by a value only what equals it, whatever SQL would make of it', async () => {
    for (const { site } of fleet.slice(0, 100)) {
      const rule: Rule = { kind: 'is', field: 'site', values: [site] };
      expect(await select(rule)).toEqual(
        fleet.filter((each) => each.site === site).map(({ tpeId }) => tpeId),
      );
    }
  });
});

describe('the order of versions', () => {
  const dotted = fc
    .tuple(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '-rc1', '-rc2', '+b7', '-rc1+b'),
    )
    .map(([numbers, suffix]) => numbers.join('.') + suffix);

  test('is one, in the database as in the tests', async () => {
    const versions = [...new Set([...fc.sample(dotted, { numRuns: 60, seed: 2 }), ...VERSIONS])];
    const { rows } = await db.query<{ a: string; b: string; below: boolean | null; same: boolean | null }>(
      `SELECT a, b, version_key(a) < version_key(b) AS below, version_key(a) = version_key(b) AS same
       FROM unnest($1::text[]) a, unnest($1::text[]) b`,
      [versions],
    );
    for (const { a, b, below, same } of rows) {
      const sign = compareVersions(a, b);
      expect([below, same], `${a} and ${b}`).toEqual(sign === null ? [null, null] : [sign < 0, sign === 0]);
    }
  });

  test('is total and transitive over dotted versions', () => {
    const compare = (a: string, b: string): number => compareVersions(a, b) ?? Number.NaN;
    fc.assert(
      fc.property(dotted, dotted, dotted, (a, b, c) => {
        expect(compare(a, b)).toBe(0 - compare(b, a));
        const [low, mid, high] = [a, b, c].sort(compare) as [string, string, string];
        expect(compare(low, mid)).toBeLessThanOrEqual(0);
        expect(compare(mid, high)).toBeLessThanOrEqual(0);
        expect(compare(low, high)).toBeLessThanOrEqual(0);
      }),
    );
    expect(compare('4.10', '4.9')).toBe(1);
    expect(compare('4.2', '4.2.0')).toBe(0);
    expect(compare('4.2.0-rc1', '4.2.0')).toBe(-1);
  });
});
