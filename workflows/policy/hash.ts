/**
 * MurmurHash3 (x86, 32 bit) of a text's UTF-16 code units, for orders that look random and are the same
 * everywhere. Not a defence against anybody: it only spreads. Written out because workflow code may use neither
 * a crypto module nor `Math.random`.
 * @param seed another seed gives another, unrelated value; its lower 32 bits count
 * @returns 0 to 2³² − 1
 */
export function murmur3(text: string, seed: number): number {
  let hash = seed | 0;
  const pairs = text.length >> 1;
  for (let pair = 0; pair < pairs; pair++) {
    hash ^= scramble(text.charCodeAt(2 * pair) | (text.charCodeAt(2 * pair + 1) << 16));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (text.length % 2 === 1) hash ^= scramble(text.charCodeAt(text.length - 1));
  hash ^= 2 * text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}
