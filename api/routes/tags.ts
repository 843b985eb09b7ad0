/** Tags: what rules may ask for. */
import { listTags } from '../../db/tag.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { MAX_TAGS, tagList } from '../schemas/tag.ts';

const list = defineRoute({
  method: 'get',
  path: `${BASE}/tags`,
  operationId: 'listTags',
  tag: 'fleet',
  summary: 'Tags and their numbers of terminals',
  replies: { 200: { description: 'The tags of the most terminals, the largest first.', schema: tagList } },
  async handle({ deps: { pool } }) {
    return { status: 200, body: { items: await listTags(pool, MAX_TAGS) } };
  },
});

export const tagRoutes: Route[] = [list];
