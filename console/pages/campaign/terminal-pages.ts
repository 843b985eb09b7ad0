/**
 * The terminals that were read so far, page by page. What is in sight is read anew when something has changed, page by
 * page too: each spans a fixed part of the ids, so that it may grow or shrink without loss or repetition.
 */
import type { CampaignTpe } from '../../api/schema.ts';

export interface TerminalPage {
  items: CampaignTpe[];
  /** Where the next page begins; null: there is none. */
  nextCursor: string | null;
  /** The last id that belongs to this page; null: all that follow. */
  end: string | null;
}

type Read = (cursor: string | null) => Promise<{ items: CampaignTpe[]; nextCursor: string | null }>;

export async function readPage(read: Read, cursor: string | null): Promise<TerminalPage> {
  const { items, nextCursor } = await read(cursor);
  return { items, nextCursor, end: nextCursor === null ? null : (items.at(-1)?.tpeId ?? null) };
}

/** What a page spans, as it is now. @param cursor of its beginning */
export async function readAnew(read: Read, cursor: string | null, page: TerminalPage): Promise<TerminalPage> {
  const { end } = page;
  if (end === null) return readPage(read, cursor);
  const items: CampaignTpe[] = [];
  for (let next: string | null = cursor; ;) {
    const part: Awaited<ReturnType<Read>> = await read(next);
    items.push(...part.items.filter(({ tpeId }) => tpeId <= end));
    const beyond = (part.items.at(-1)?.tpeId ?? end) >= end;
    if (beyond || part.nextCursor === null) return { ...page, items };
    next = part.nextCursor;
  }
}

/** The numbers of the pages that have rows from `first` to `last` (included); the last page where there are none. */
export function pagesAt(pages: readonly TerminalPage[], first: number, last: number): number[] {
  const found: number[] = [];
  let before = 0;
  for (const [index, { items }] of pages.entries()) {
    if (before <= last && before + items.length > first) found.push(index);
    before += items.length;
  }
  return found.length > 0 || pages.length === 0 ? found : [pages.length - 1];
}
