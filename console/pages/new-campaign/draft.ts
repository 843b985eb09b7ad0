/** What somebody has filled in so far. It is kept by this window of the browser until the campaign is launched. */
import type { CampaignRequest, Targets } from '../../api/schema.ts';
import { oneOf, readSearch, text } from '../../lib/search-params.ts';
import { readIds } from './ids.ts';
import { toForm, toPolicy, type PolicyForm } from './policy-form.ts';

export const TARGET_KINDS = ['all', 'rule', 'group', 'ids'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

export interface Draft {
  version: string;
  /** Empty: as the API names it. */
  name: string;
  kind: TargetKind;
  rule: string;
  group: string;
  /** As pasted. */
  ids: string;
  /** Listed terminals that another campaign is updating are left out, instead of refused. */
  skipBusy: boolean;
  how: 'template' | 'own';
  /** Empty: the defaults. */
  template: string;
  own: PolicyForm;
  /** The campaign that it is to be filled in like; it is, once it was. */
  like?: { campaignId: string; filled: boolean };
  /** Made once per form, so that a launch that is repeated creates nothing more. */
  key: string;
}

/** What the address may say, so that other pages, and people, can lead to a form that is filled in. */
const ADDRESS = {
  version: text(),
  name: text(),
  to: oneOf(TARGET_KINDS, 'all'),
  rule: text(),
  group: text(),
  ids: text(),
  template: text(),
  like: text(),
};

/** The form that an address begins with. */
export function draftOf(search: string): Draft {
  const { version, name, to, rule, group, ids, template, like } = readSearch(ADDRESS, search);
  const kind = ids !== '' ? 'ids' : group !== '' ? 'group' : rule !== '' ? 'rule' : to;
  const who = { kind, rule, group, ids, skipBusy: false };
  const draft: Draft = { version, name, ...who, how: 'template', template, own: toForm({}), key: newKey() };
  return like === '' ? draft : { ...draft, like: { campaignId: like, filled: false } };
}

const KEY = 'tpe-new-campaign';

interface Kept {
  /** The address that the form began with: another one is another form. */
  search: string;
  draft: Draft;
}

/** The form as it was left, or a new one. */
export function readDraft(search: string): Draft {
  const fresh = draftOf(search);
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Kept | null;
    // One of an earlier release may lack fields.
    return kept?.search === search
      ? { ...fresh, ...kept.draft, own: { ...fresh.own, ...kept.draft.own } }
      : fresh;
  } catch {
    return fresh;
  }
}

export function keepDraft(search: string, draft: Draft): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ search, draft } satisfies Kept));
  } catch {
    // A list that is too long for the storage, or no storage: it lasts until the page is left.
  }
}

export function forgetDraft(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Then nothing was kept either.
  }
}

/** Unlike `randomUUID` also there where the console is not served by HTTPS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** A field without which nothing can be asked for. */
export type Missing = 'version' | 'rule' | 'group' | 'ids';

export function missingOf(draft: Draft): Missing[] {
  const missing: Missing[] = [];
  if (draft.version.trim() === '') missing.push('version');
  if (draft.kind === 'rule' && draft.rule.trim() === '') missing.push('rule');
  if (draft.kind === 'group' && draft.group === '') missing.push('group');
  if (draft.kind === 'ids') {
    const { ids, wrong } = readIds(draft.ids);
    if (ids.length === 0 || wrong.length > 0) missing.push('ids');
  }
  return missing;
}

/** The request that a form which lacks nothing stands for. */
export function requestOf(draft: Draft): CampaignRequest {
  const { name, template, how } = draft;
  return {
    targetVersion: draft.version.trim(),
    targets: targetsOf(draft),
    ...(name.trim() !== '' && { name: name.trim() }),
    ...(draft.kind === 'ids' && draft.skipBusy && { busy: 'skip' }),
    ...(how === 'template' && template !== '' && { policyTemplate: template }),
    ...(how === 'own' && { policy: toPolicy(draft.own) }),
  };
}

function targetsOf({ kind, rule, group, ids }: Draft): Targets {
  switch (kind) {
    case 'all':
      return { all: true };
    case 'rule':
      return { rule };
    case 'group':
      return { group };
    case 'ids':
      return { tpeIds: readIds(ids).ids };
  }
}
