import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { site, sitePage } from '../../api/schemas/site.ts';
import { ConfigError, loadConfig } from '../../config.ts';
import { zonesOfSites } from '../../db/site.ts';
import { TestApi, type Answer } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create({ DEFAULT_TIME_ZONE: 'Indian/Reunion' });
});
beforeEach(async () => {
  await api.clear();
  await api.pool.query('TRUNCATE site');
});
afterAll(() => api.close());

const set = (name: string, timeZone: string): Promise<Answer> =>
  api.send(`sites/${encodeURIComponent(name)}`, { method: 'PUT', json: { timeZone } });

describe('a site', () => {
  test('is in the default time zone until another is set', async () => {
    await api.fleet([{ site: 'Lyon-1' }, { site: 'Lyon-1', active: false }, { site: 'Delhi' }]);
    await set('Delhi', 'Asia/Kolkata');
    const { items } = sitePage.parse((await api.send('sites')).body);
    expect(items).toEqual([
      { site: 'Delhi', timeZone: 'Asia/Kolkata', known: true, terminals: 1, updatedAt: expect.any(String) },
      { site: 'Lyon-1', timeZone: 'Indian/Reunion', known: false, terminals: 2, updatedAt: null },
    ]);
  });

  test('can be set again, before it has terminals, and with any name', async () => {
    const first = await set('Köln / Dom', 'Europe/Paris');
    expect(first.status).toBe(200);
    expect(site.parse(first.body)).toMatchObject({
      site: 'Köln / Dom',
      timeZone: 'Europe/Paris',
      terminals: 0,
    });
    expect((await set('Köln / Dom', 'Europe/Berlin')).body.timeZone).toBe('Europe/Berlin');
    expect((await api.send('sites')).body.items).toHaveLength(1);
  });

  test('is refused a time zone that there is not, with the one that was probably meant', async () => {
    const { status, body } = await set('Lyon-1', 'Europe/Pari');
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      {
        pointer: '/timeZone',
        message: 'is not a time zone of the IANA database; did you mean Europe/Paris?',
      },
    ]);
  });

  test('is listed page by page, with or without terminals', async () => {
    await api.fleet([{ site: 'b' }, { site: 'd' }, { site: 'd' }]);
    for (const name of ['a', 'c', 'd']) await set(name, 'UTC');
    const first = (await api.send('sites?limit=3')).body;
    const second = (await api.send(`sites?limit=3&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map((item) => [item.site, item.terminals])).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
      ['d', 2],
    ]);
    expect(second.nextCursor).toBeNull();
  });

  test('has its zone looked up with others, the default for those that have none', async () => {
    await set('Delhi', 'Asia/Kolkata');
    expect(await zonesOfSites(api.pool, ['Delhi', 'Lyon-1'], 'Europe/Paris')).toEqual(
      new Map([
        ['Delhi', 'Asia/Kolkata'],
        ['Lyon-1', 'Europe/Paris'],
      ]),
    );
  });
});

describe('DEFAULT_TIME_ZONE', () => {
  test('is Europe/Paris, or another zone of the IANA database', () => {
    expect(loadConfig({}).defaultTimeZone).toBe('Europe/Paris');
    expect(loadConfig({ DEFAULT_TIME_ZONE: 'UTC' }).defaultTimeZone).toBe('UTC');
    expect(() => loadConfig({ DEFAULT_TIME_ZONE: 'Lyon' })).toThrow(ConfigError);
    expect(() => loadConfig({ DEFAULT_TIME_ZONE: 'Paris' })).toThrow(
      /DEFAULT_TIME_ZONE: .*did you mean Europe\/Paris\?/,
    );
  });
});
