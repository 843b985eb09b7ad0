/** Lists that are needed as a whole, though the API gives them page by page. */

/** Items that the API gives at once. */
const LIMIT = 500;

interface PageAsked {
  limit: number;
  cursor?: string;
}

export interface All<T> {
  items: T[];
  /** There are more, which were not read. */
  cut: boolean;
}

/**
 * @param most items to read at least, if there are as many
 * @param read one page
 */
export async function readAll<T>(
  most: number,
  read: (page: PageAsked) => Promise<{ items: T[]; nextCursor: string | null }>,
): Promise<All<T>> {
  let { items, nextCursor } = await read({ limit: LIMIT });
  while (nextCursor !== null && items.length < most) {
    const page = await read({ limit: LIMIT, cursor: nextCursor });
    items = [...items, ...page.items];
    nextCursor = page.nextCursor;
  }
  return { items, cut: nextCursor !== null };
}
