import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { group, groupPage } from '../../api/schemas/rule.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE target_group');
});
afterAll(() => api.close());

function save(
  name: string,
  rule: string,
  more: object = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  return api.send(`groups/${encodeURIComponent(name)}`, { method: 'PUT', json: { rule, ...more }, headers });
}

describe('a group', () => {
  test('is saved, read, changed, listed and deleted', async () => {
    const created = await save(
      'pilots',
      'tag  "pilot"',
      { description: 'the brave' },
      { 'x-actor': 'ops@bank' },
    );
    expect(created.status).toBe(201);
    expect(group.parse(created.body)).toMatchObject({
      name: 'pilots',
      rule: 'tag  "pilot"',
      description: 'the brave',
      createdBy: 'ops@bank',
      links: { self: '/api/v1/groups/pilots' },
    });
    const changed = await save('pilots', 'all', { by: 'me' });
    expect(changed.status).toBe(200);
    expect((await api.send('groups/pilots')).body).toEqual(changed.body);
    expect(changed.body).toMatchObject({ description: 'the brave', createdBy: 'ops@bank', updatedBy: 'me' });

    await save('Ünë deux.3', 'active');
    const first = groupPage.parse((await api.send('groups?limit=1')).body);
    const second = groupPage.parse((await api.send(`groups?cursor=${first.nextCursor}`)).body);
    expect([...first.items, ...second.items].map(({ name }) => name).sort()).toEqual([
      'pilots',
      'Ünë deux.3',
    ]);

    expect((await api.send('groups/pilots', { method: 'DELETE' })).status).toBe(204);
    expect((await api.send('groups/pilots')).status).toBe(404);
    expect((await api.send('groups/pilots', { method: 'DELETE' })).body.type).toBe('/problems/not-found');
  });

  test('is refused with the character of the fault', async () => {
    const { status, body } = await save('x', 'active\nand modle = "A"');
    expect(status).toBe(422);
    expect(body).toMatchObject({
      type: '/problems/rule-invalid',
      errors: [{ pointer: '/rule', message: 'there is no field modle; do you mean model?' }],
      rule: 'active\nand modle = "A"',
      offset: 11,
      length: 5,
      line: 2,
      column: 5,
    });
    expect((await save('a/b', 'all')).body.type).toBe('/problems/invalid-parameters');
  });

  test('can not lead back to itself, nor be deleted while another uses it', async () => {
    await save('a', 'all');
    await save('b', 'group "a"');
    const circle = await save('a', 'active or group "b"');
    expect(circle.body).toMatchObject({
      offset: 16,
      errors: [{ message: 'the group leads back to itself: a → b → a' }],
    });
    expect((await save('c', 'group "nobody"')).status).toBe(422);
    const refused = await api.send('groups/a', { method: 'DELETE' });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ type: '/problems/group-in-use', usedBy: ['b'] });
    expect((await api.send('groups/a')).status).toBe(200);
  });

  test('makes no circle when two are saved at once', async () => {
    await save('a', 'all');
    await save('b', 'all');
    const answers = await Promise.all([save('a', 'group "b"'), save('b', 'group "a"')]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 422]);
  });
});

describe('the check of a rule', () => {
  test('gives its canonical form, its groups replaced, and the number of its terminals', async () => {
    await api.fleet([{ model: 'A' }, { model: 'A', active: false }, { model: 'B' }]);
    await save('as', 'model = "A"');
    const { body } = await api.send('rules/check', { json: { rule: 'GROUP "as" and  active' } });
    expect(body).toEqual({
      canonical: 'group "as" and active',
      expanded: 'model = "A" and active',
      terminals: 1,
    });
    const refused = await api.send('rules/check', { json: { rule: 'group "az"' } });
    expect(refused.body).toMatchObject({
      type: '/problems/rule-invalid',
      offset: 6,
      errors: [{ pointer: '/rule', message: 'there is no group "az"; do you mean "as"?' }],
    });
  });
});
