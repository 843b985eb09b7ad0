/** The form of a new campaign in a browser, and a fleet to choose from, for the tests about it. */
import { beforeEach, expect } from 'vitest';
import type { OpenOptions, OpenPage } from './browser.ts';
import { api, browser, startBoth } from './served.ts';

/** Has an API with a fleet and a browser there for the tests of a file. */
export function startForm(): void {
  startBoth('target_group', 'policy_template', 'site');
  beforeEach(plantFleet);
}

/** 1,000 terminals: 600 A920 and 400 A80, a tenth of which run 4.2.0 already and a twentieth of which is out of use. */
async function plantFleet(): Promise<void> {
  await api.pool.query(
    `INSERT INTO tpe (tpe_id, id_tms, tms, model, site, version_courante, statut, tags)
     SELECT gen_random_uuid(), 'T-' || n, CASE WHEN n % 3 = 0 THEN 'beta' ELSE 'alpha' END,
            CASE WHEN n % 10 < 6 THEN 'A920' ELSE 'A80' END, 'Lyon-' || n % 8,
            CASE WHEN n % 10 = 0 THEN '4.2.0' WHEN n % 4 = 1 THEN '4.0.9' ELSE '4.1.0' END,
            CASE WHEN n % 20 = 1 THEN 'INACTIVE' ELSE 'ACTIVE' END, CASE WHEN n % 50 = 3 THEN '{pilot}' ELSE '{}' END::text[]
     FROM generate_series(1, 1000) n`,
  );
  const sent = await Promise.all([
    api.send('groups/pilots', {
      method: 'PUT',
      json: { rule: 'tag "pilot"', description: 'shops that said yes' },
    }),
    api.send('policy-templates/careful', {
      method: 'PUT',
      json: { description: 'canary, then by night', policy: CAREFUL },
    }),
    api.send('policy-templates/four-eyes', { method: 'PUT', json: { policy: { approval: 'four-eyes' } } }),
  ]);
  expect(sent.map(({ status }) => status)).toEqual([201, 201, 201]);
}

const CAREFUL = {
  waves: [
    { name: 'canary', count: 20, gate: { soakSeconds: 3600, approval: true } },
    { name: 'tenth', percent: 10, gate: { soakSeconds: 7200 } },
    { rest: true },
  ],
  rate: { perMinute: 2 },
  maintenance: { windows: [{ from: '22:00', to: '05:00' }], timeZone: 'Europe/Paris' },
};

export async function openForm(search = '', options: OpenOptions = { actor: 'anna' }): Promise<OpenPage> {
  const opened = await browser.open(`${api.url}/campaigns/new${search}`, options);
  await opened.page.getByRole('heading', { name: /New campaign|Nouvelle campagne/ }).waitFor();
  return opened;
}
