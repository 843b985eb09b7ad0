import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Problem } from '../../api/errors.ts';
import { policyTemplateRef, readPolicy } from '../../api/policy.ts';
import { policyTemplate, policyTemplatePage } from '../../api/schemas/policy-template.ts';
import { DEFAULT_POLICY } from '../../workflows/policy/defaults.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(() => api.pool.query('TRUNCATE policy_template'));
afterAll(() => api.close());

const save = (name: string, json: unknown, headers?: Record<string, string>): Promise<Answer> =>
  api.send(`policy-templates/${name}`, { method: 'PUT', json, ...(headers && { headers }) });

const canary = { waves: [{ percent: 1, name: 'canary' }, { rest: true }] };

/** The problem with which a policy can not be read. */
async function refusal(asked: Parameters<typeof readPolicy>[1]): Promise<Problem> {
  const error = await readPolicy(api.pool, asked).catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error(`it was not refused: ${JSON.stringify(error)}`);
}

describe('a policy template', () => {
  test('is saved as given, and read with its versions, newest first', async () => {
    const first = await save(
      'careful',
      { policy: canary, description: 'for tills' },
      { 'x-actor': 'ops@bank' },
    );
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      name: 'careful',
      version: 1,
      policy: canary,
      description: 'for tills',
      createdBy: 'ops@bank',
      links: { self: '/api/v1/policy-templates/careful' },
    });
    const second = await save('careful', { policy: { ...canary, rate: { perMinute: 5 } }, by: 'me' });
    expect([second.status, second.body.version]).toEqual([201, 2]);
    expect(policyTemplate.parse(second.body)).toMatchObject({ createdBy: 'me', description: 'for tills' });

    await save('bold', { policy: {} });
    const all = policyTemplatePage.parse((await api.send('policy-templates')).body);
    expect(all.items.map(({ name, version }) => [name, version])).toEqual([
      ['bold', 1],
      ['careful', 2],
    ]);
    const versions = policyTemplatePage.parse((await api.send('policy-templates/careful')).body);
    expect(versions.items.map(({ version }) => version)).toEqual([2, 1]);
  });

  test('that equals the newest version makes no new one; one that equals an older does', async () => {
    await save('careful', { policy: { deadlineSeconds: 60, rate: null } });
    const same = await save('careful', { policy: { rate: null, deadlineSeconds: 60 } });
    expect([same.status, same.body.version]).toEqual([200, 1]);
    const described = await save('careful', {
      policy: { deadlineSeconds: 60, rate: null },
      description: 'slow',
    });
    expect([described.status, described.body.version]).toEqual([201, 2]);
    await save('careful', { policy: {} });
    expect((await save('careful', { policy: { deadlineSeconds: 60, rate: null } })).body.version).toBe(4);
  });

  test('gets one version for each of several that save at once', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => save('busy', { policy: { deadlineSeconds: n } })),
    );
    expect(new Set(answers.map(({ body }) => body.version))).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test('is refused for what a campaign would be refused for', async () => {
    const shape = await save('careful', { policy: { waves: [{ percent: 200 }], stall: 1 } });
    expect(shape).toMatchObject({ status: 422, body: { type: '/problems/validation-failed' } });
    expect(shape.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/policy/waves/0/percent',
      '/policy/stall',
    ]);
    const together = await save('careful', { policy: { stallSeconds: 1 } });
    expect(together.body.errors[0].pointer).toBe('/policy/stallSeconds');
    expect((await save('Careful', { policy: {} })).status).toBe(400);
    expect((await save('careful', {})).body.errors).toEqual([{ pointer: '/policy', message: 'is required' }]);
    expect(await api.rows('SELECT FROM policy_template')).toEqual([]);
  });

  test('that is not there is not found', async () => {
    expect(await api.send('policy-templates/careful')).toMatchObject({
      status: 404,
      body: { type: '/problems/not-found' },
    });
  });

  test('is listed page by page', async () => {
    for (const n of [1, 2, 3]) {
      await save(`t-${n}`, { policy: {} });
      await save('many', { policy: { deadlineSeconds: n } });
    }
    const first = (await api.send('policy-templates?limit=2')).body;
    const second = (await api.send(`policy-templates?limit=2&cursor=${first.nextCursor}`)).body;
    const names = [...first.items, ...second.items].map(({ name }: { name: string }) => name);
    expect(names).toEqual(['many', 't-1', 't-2', 't-3']);
    expect(second.nextCursor).toBeNull();
    const newest = (await api.send('policy-templates/many?limit=2')).body;
    const oldest = (await api.send(`policy-templates/many?limit=2&cursor=${newest.nextCursor}`)).body;
    expect(oldest.items.map(({ version }: { version: number }) => version)).toEqual([1]);
  });
});

describe('the policy of a campaign', () => {
  test('is its own where no template is named', async () => {
    expect(await readPolicy(api.pool, {})).toEqual({ policy: DEFAULT_POLICY, template: null });
  });

  test('is that of the newest version, or of the one that is named', async () => {
    await save('careful', { policy: { deadlineSeconds: 60 } });
    await save('careful', { policy: { deadlineSeconds: 70 } });
    expect(await readPolicy(api.pool, { policyTemplate: 'careful' })).toEqual({
      policy: { ...DEFAULT_POLICY, deadlineSeconds: 70 },
      template: { name: 'careful', version: 2 },
    });
    const { policy, template } = await readPolicy(api.pool, {
      policyTemplate: { name: 'careful', version: 1 },
    });
    expect([policy.deadlineSeconds, template]).toEqual([60, { name: 'careful', version: 1 }]);
  });

  test('has the parts of the request before those of the template, each as a whole', async () => {
    await save('careful', {
      policy: { ...canary, rate: { perMinute: 5, growthFactor: 2 }, failureThreshold: { percent: 1 } },
    });
    const { policy } = await readPolicy(api.pool, {
      policyTemplate: 'careful',
      policy: { rate: { perMinute: 50 }, failureThreshold: null },
    });
    expect(policy.rate).toEqual({ perMinute: 50, growthFactor: 1, growEvery: 100, maxPerMinute: null });
    expect(policy.failureThreshold).toBeNull();
    expect(policy.waves.map(({ name }) => name)).toEqual(['canary', 'wave 2']);
  });

  test('is refused by name and version where there is no such template', async () => {
    await save('careful', { policy: {} });
    const unknown = await refusal({ policyTemplate: 'carefree' });
    expect(unknown.code).toBe('unknown-template');
    expect(unknown.options).toEqual({
      detail: 'There is no policy template carefree. There are: careful.',
      errors: [{ pointer: '/policyTemplate', message: 'is no policy template' }],
    });
    const version = await refusal({ policyTemplate: { name: 'careful', version: 9 } });
    expect(version.options.detail).toBe('The policy template careful has no version 9; the newest is 1.');
  });

  test('is refused where request and template contradict one another, and says whose part it is', async () => {
    await save('careful', { policy: { stallSeconds: 4000 } });
    const asked = {
      policyTemplate: 'careful',
      policy: { polling: { windows: [{ everySeconds: 5000, attempts: 2 }] } },
    };
    const problem = await refusal(asked);
    expect(problem.code).toBe('validation-failed');
    expect(problem.options.errors?.[0]?.pointer).toBe('/policy/stallSeconds');
    expect(problem.options.errors?.[0]?.message).toContain('(policy template careful, version 1)');
    const own = await refusal({ ...asked, policy: { ...asked.policy, stallSeconds: 1 } });
    expect(own.options.errors?.[0]?.message).not.toContain('template');
  });

  test('names its template in one of two ways', () => {
    expect(policyTemplateRef.parse('careful')).toBe('careful');
    expect(policyTemplateRef.parse({ name: 'careful', version: 2 })).toEqual({ name: 'careful', version: 2 });
    expect(policyTemplateRef.safeParse({ version: 2 }).error?.issues[0]?.message).toContain(
      'must be the name of a policy template',
    );
  });
});
