import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestApi } from './test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.create();
});
afterAll(() => api.close());

describe('the contracts', () => {
  test('are served: the AsyncAPI document with the names of the topics here, and every schema', async () => {
    const document = (await api.send('asyncapi.json')).body;
    expect(document.asyncapi).toBe('3.0.0');
    expect(document.channels['tpe.update.status'].address).toBe('test.tpe.update.status');
    const { items } = (await api.send('schemas')).body;
    expect(items).toHaveLength(4);
    for (const { type, dataschema, links } of items) {
      const schema = await api.send(links.self);
      expect(schema.headers.get('content-type')).toMatch(/^application\/schema\+json/);
      expect([schema.status, schema.body.$id, schema.body.title]).toEqual([200, dataschema, type]);
    }
  });

  test('are not there for other types and versions', async () => {
    expect((await api.send('schemas/tpe.update.moved/1')).body.detail).toContain(
      'There are: tpe.update.commanded',
    );
    const version = await api.send('schemas/tpe.update.ordered/2');
    expect([version.status, version.body.errors[0].parameter]).toEqual([404, 'version']);
    expect((await api.send('schemas/tpe.update.ordered/zero')).status).toBe(400);
  });
});
