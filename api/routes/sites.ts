/** Sites: where they are, so that maintenance windows go by their clocks. */
import { listSites, setTimeZone, type SiteRow } from '../../db/site.ts';
import { decodeCursor, toPage } from '../cursor.ts';
import { BASE } from '../links.ts';
import { defineRoute, type Route } from '../route.ts';
import { paging, z } from '../schemas/common.ts';
import { site, siteName, sitePage, siteRequest } from '../schemas/site.ts';

const NAME_FORM = /^[^\p{Cc}]{1,200}$/u;

const list = defineRoute({
  method: 'get',
  path: `${BASE}/sites`,
  operationId: 'listSites',
  tag: 'fleet',
  summary: 'List sites and their time zones',
  query: z.strictObject(paging),
  replies: { 200: { description: 'A page of sites, by name.', schema: sitePage } },
  async handle({ deps: { pool, config }, query: { cursor, limit } }) {
    const [after] = decodeCursor(cursor, [NAME_FORM]) ?? [];
    const page = toPage(await listSites(pool, { after, limit: limit + 1 }), limit, (last) => [last.site]);
    const items = page.items.map((row) => toSite(row, config.defaultTimeZone));
    return { status: 200, body: { items, nextCursor: page.nextCursor } };
  },
});

const set = defineRoute({
  method: 'put',
  path: `${BASE}/sites/{site}`,
  operationId: 'setSite',
  tag: 'fleet',
  summary: 'Set the time zone of a site',
  description:
    'The site may be one that has no terminals yet. Campaigns that are running go by it from their next look at the windows on.',
  params: z.strictObject({ site: siteName }),
  body: siteRequest,
  replies: { 200: { description: 'The site as it is now.', schema: site } },
  async handle({ deps: { pool, config }, params, body: { timeZone } }) {
    return {
      status: 200,
      body: toSite(await setTimeZone(pool, params.site, timeZone), config.defaultTimeZone),
    };
  },
});

function toSite(row: SiteRow, fallback: string): z.output<typeof site> {
  return {
    site: row.site,
    timeZone: row.timeZone ?? fallback,
    known: row.timeZone !== null,
    terminals: row.terminals,
    updatedAt: row.updatedAt?.toISOString() ?? null,
  };
}

export const siteRoutes: Route[] = [list, set];
