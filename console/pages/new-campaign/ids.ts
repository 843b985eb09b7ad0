/** A list of terminals as somebody pastes it: from a file, a mail or a table. */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface Ids {
  /** Each once, in the order of the list. */
  ids: string[];
  /** How many were there a second time. */
  repeated: number;
  /** What is no id. */
  wrong: string[];
}

export function readIds(pasted: string): Ids {
  const words = pasted
    .toLowerCase()
    .split(/[\s,;"']+/)
    .filter(Boolean);
  const ids = new Set<string>();
  const wrong: string[] = [];
  let repeated = 0;
  for (const word of words) {
    if (!UUID.test(word)) wrong.push(word);
    else if (ids.has(word)) repeated++;
    else ids.add(word);
  }
  return { ids: [...ids], repeated, wrong };
}
