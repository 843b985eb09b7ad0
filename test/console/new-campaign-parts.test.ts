// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiProblem } from '../../console/api/problem.ts';
import type { Problem } from '../../console/api/schema.ts';
import { formatIn } from '../../console/i18n/format.ts';
import {
  draftOf,
  forgetDraft,
  keepDraft,
  missingOf,
  readDraft,
  requestOf,
  type Draft,
} from '../../console/pages/new-campaign/draft.ts';
import { messages } from '../../console/pages/new-campaign/en.ts';
import { faultAt, faultsOf, isPlaced, ruleFaultOf } from '../../console/pages/new-campaign/faults.ts';
import { readIds } from '../../console/pages/new-campaign/ids.ts';
import { toForm } from '../../console/pages/new-campaign/policy-form.ts';
import { policyInWords } from '../../console/pages/new-campaign/policy-words.ts';
import { completionsAt, tokensOf, type Known } from '../../console/pages/new-campaign/rule-language.ts';
import { zoneOf } from '../../console/pages/new-campaign/use-known.ts';

const A = '3f2f8f0e-6d0f-4a52-9d3c-0c8b2b1f3a11';
const B = '51f2a7c0-6f0b-4a53-9d0c-6a3f0a4b9c02';

describe('a pasted list', () => {
  test('is read with whatever stands between the ids', () => {
    expect(readIds(`${A};${B}`).ids).toEqual([A, B]);
    expect(readIds(`"${A.toUpperCase()}",\n"${B}"\r\n`).ids).toEqual([A, B]);
    expect(readIds('').ids).toEqual([]);
  });

  test('has each id once, and tells what is none', () => {
    expect(readIds(`${A} ${B} ${A} A-000017`)).toEqual({ ids: [A, B], repeated: 1, wrong: ['a-000017'] });
  });
});

describe('the form', () => {
  beforeEach(() => forgetDraft());
  const draft = (change: Partial<Draft>): Draft => ({ ...draftOf('?version=4.2.0'), ...change });

  test('is filled in by the address', () => {
    const { version, kind, rule, template } = draftOf('?version=4.2.0&rule=tag+%22a%22&template=careful');
    expect([version, kind, rule, template]).toEqual(['4.2.0', 'rule', 'tag "a"', 'careful']);
    expect([
      draftOf('?group=pilots').kind,
      draftOf(`?ids=${A}`).kind,
      draftOf('?to=group').kind,
      draftOf('').kind,
    ]).toEqual(['group', 'ids', 'group', 'all']);
  });

  test('is there again after a reload, with its key; another address is another form', () => {
    const left = draft({ name: 'Lyon', own: { ...toForm({}), perMinute: '5' } });
    keepDraft('?version=4.2.0', left);
    expect(readDraft('?version=4.2.0')).toEqual(left);
    const other = readDraft('?version=4.3.0');
    expect([other.version, other.name]).toEqual(['4.3.0', '']);
    expect(other.key).not.toBe(left.key);
  });

  test('that an earlier release has left, or that makes no sense, does no harm', () => {
    sessionStorage.setItem('tpe-new-campaign', '{"search":"","draft":{"name":"Lyon"}}');
    expect(readDraft('')).toMatchObject({ name: 'Lyon', kind: 'all', own: toForm({}) });
    sessionStorage.setItem('tpe-new-campaign', '{nonsense');
    expect(readDraft('').name).toBe('');
  });

  test.each([
    [{ version: ' ' }, ['version']],
    [{ kind: 'rule' }, ['rule']],
    [{ kind: 'group' }, ['group']],
    [{ kind: 'ids' }, ['ids']],
    [{ kind: 'ids', ids: `${A} nonsense` }, ['ids']],
    [{ kind: 'ids', ids: A }, []],
    [{ kind: 'all' }, []],
  ] as [Partial<Draft>, string[]][])('with %o lacks %o', (change, missing) => {
    expect(missingOf(draft(change))).toEqual(missing);
  });

  test.each([
    [{ kind: 'all' }, { targets: { all: true } }],
    [
      { kind: 'rule', rule: 'active', name: ' Lyon ' },
      { targets: { rule: 'active' }, name: 'Lyon' },
    ],
    [
      { kind: 'group', group: 'pilots', template: 'careful' },
      { targets: { group: 'pilots' }, policyTemplate: 'careful' },
    ],
    [
      { kind: 'ids', ids: A, skipBusy: true },
      { targets: { tpeIds: [A] }, busy: 'skip' },
    ],
    [
      { how: 'own', template: 'careful', own: toForm({ rate: { perMinute: 5 } }) },
      { targets: { all: true }, policy: { rate: { perMinute: 5 } } },
    ],
  ] as [Partial<Draft>, object][])('%o asks for %o', (change, request) => {
    expect(requestOf(draft(change))).toEqual({ targetVersion: '4.2.0', ...request });
  });
});

describe('the rule language', () => {
  const known: Known = {
    models: ['A80', 'A920'],
    sites: ['Lyon-1'],
    versions: ['4.1.0'],
    tms: ['alpha'],
    tags: ['vip'],
    groups: ['my "own"'],
  };
  /** What is offered at `|`, as it would be put in. */
  const offered = (rule: string): string[] => {
    const at = rule.indexOf('|');
    const text = rule.replace('|', '');
    const { from, options } = completionsAt(text, at, known);
    return options.map(({ label, apply = label }) => text.slice(0, from) + apply);
  };

  test.each([
    ['|', 'model '],
    ['mo|', 'model '],
    ['not |', 'not tag '],
    ['model |', 'model = '],
    ['version |', 'version <= '],
    ['model = |', 'model = "A80"'],
    ['model = "|', 'model = "A80"'],
    ['model = "A|"', 'model = "A920'],
    ['tag |', 'tag "vip"'],
    ['site not |', 'site not like '],
    ['site in |', 'site in ( '],
    ['site in (|', 'site in ("Lyon-1"'],
    ['model in ("A80", |', 'model in ("A80", "A920"'],
    ['model in ("A80"|', 'model in ("A80") '],
    ['version >= "4|', 'version >= "4.1.0"'],
    ['group |', String.raw`group "my \"own\""`],
    ['active |', 'active and '],
    ['(active) |', '(active) or '],
    ['active and (|', 'active and (tms '],
    ['tms = "alpha" and |', 'tms = "alpha" and group '],
  ])('offers at %s among others %s', (rule, completed) => {
    expect(offered(rule)).toContain(completed);
  });

  test.each(['tpeId = "|', 'lastSeen before "2|', 'nonsense |'])('offers nothing at %s', (rule) => {
    expect(offered(rule)).toEqual([]);
  });

  test('tells fields, keywords, texts and signs apart, also while a text has no end yet', () => {
    expect(tokensOf('Model != "a\\"b" AND nothing like "x').map(({ kind }) => kind)).toEqual([
      'field',
      'operator',
      'text',
      'keyword',
      'word',
      'keyword',
      'text',
    ]);
  });
});

describe('what the API finds wrong', () => {
  const refused = (problem: Partial<Problem>): ApiProblem =>
    new ApiProblem({
      type: '/problems/validation-failed',
      title: '',
      status: 422,
      detail: '',
      instance: '',
      correlationId: '',
      ...problem,
    });
  const faulty = (...pointers: string[]): ApiProblem =>
    refused({ errors: pointers.map((pointer) => ({ pointer, message: `wrong ${pointer}` })) });

  test('stands at its field', () => {
    const faults = faultsOf(faulty('/targets/tpeIds/3', '/policy/rate/perMinute'));
    expect(faultAt(faults, '/policy/rate/perMinute')).toBe('wrong /policy/rate/perMinute');
    expect(faultAt(faults, '/policy/rate')).toBeUndefined();
    expect(faultAt(faults, '/targets/tpeIds', true)).toBe('wrong /targets/tpeIds/3');
    expect(faultsOf(new Error('no problem'))).toEqual([]);
  });

  test('needs a notice of its own where some of it has no field', () => {
    expect(isPlaced(faulty('/targetVersion', '/targets/rule'), { how: 'template' })).toBe(true);
    expect(isPlaced(faulty('/policy/waves/0/rule'), { how: 'own' })).toBe(true);
    expect(isPlaced(faulty('/policy/waves/0/rule'), { how: 'template' })).toBe(false);
    expect(isPlaced(refused({}), { how: 'own' })).toBe(false);
    expect(isPlaced(new Error('unreachable'), { how: 'own' })).toBe(false);
  });

  test('with a rule is the place in its text', () => {
    const error = refused({
      type: '/problems/rule-invalid',
      errors: [{ pointer: '/rule', message: 'there is no field modle' }],
      offset: 4,
      length: 5,
      line: 1,
      column: 5,
    });
    expect(ruleFaultOf(error, '/rule')).toEqual({
      message: 'there is no field modle',
      from: 4,
      to: 9,
      line: 1,
      column: 5,
    });
    expect(ruleFaultOf(error, '/policy/waves/0/rule')).toBeUndefined();
    expect(ruleFaultOf(faulty('/rule'), '/rule')).toBeUndefined();
  });
});

describe('a policy in words', () => {
  const say = (policy: Parameters<typeof policyInWords>[1]): string[] =>
    policyInWords({ t: messages.get(), format: formatIn('en') }, policy);

  test('says what holds where nothing is said', () => {
    expect(say({})).toEqual([
      'All terminals in one wave.',
      'As fast as the TMSs take it.',
      'It pauses when more than 5% of those asked for in a wave fail, 20 at least.',
    ]);
  });

  test('names waves, gates, pace, windows and what comes of failures', () => {
    const words = say({
      waves: [
        { name: 'canary', count: 20, gate: { soakSeconds: 3600, approval: true } },
        { percent: 10, gate: { minSuccessPercent: 98, onFailure: 'roll-back' } },
        { rest: true },
      ],
      rate: { perMinute: 60, growthFactor: 2, growEvery: 500, maxPerMinute: 2000 },
      failureThreshold: null,
      maintenance: {
        windows: [{ days: ['mon', 'tue'], from: '22:00', to: '05:00' }],
        freezes: [{ from: '2026-12-18', to: '2026-12-26' }],
      },
      retry: { attempts: 3 },
      approval: 'four-eyes',
    });
    expect(words).toEqual([
      'In 3 waves: canary (20), wave 2 (10%), wave 3 (the rest).',
      'After canary: 95% updated, then 1 hr of soaking, then somebody’s approval, if too few are, it pauses.',
      'After wave 2: 98% updated, if too few are, it rolls back.',
      '60 terminals per minute, times 2 at each 500 successes, 2,000 at most.',
      'It goes on however many fail.',
      'Only Mon Tue 22:00–05:00, by each site’s clock.',
      'Never from 2026-12-18 to 2026-12-26.',
      'Each terminal is tried 3 times, 5 mins after a failure.',
      'Somebody else must approve it before it starts.',
    ]);
  });

  test('says once what holds for all gates', () => {
    const gate = { soakSeconds: 60 };
    expect(say({ waves: [{ percent: 1, gate }, { percent: 9, gate }, { rest: true }] })[1]).toBe(
      'Before the next wave: 95% updated, then 1 min of soaking, if too few are, it pauses.',
    );
  });
});

test('the time zone of a fleet is that of most of its terminals', () => {
  const site = (timeZone: string, terminals: number): { timeZone: string; terminals: number } => ({
    timeZone,
    terminals,
  });
  expect(zoneOf([site('Europe/Paris', 5), site('Indian/Reunion', 8), site('Europe/Paris', 4)])).toBe(
    'Europe/Paris',
  );
});
