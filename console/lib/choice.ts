/** Choices of a person that this browser keeps. Where storage is closed to us they last until the page is left. */

export function readText(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** One of `choices`; what is none of them counts as not chosen. */
export function readChoice<T extends string>(key: string, choices: readonly T[]): T | undefined {
  const kept = readText(key);
  return choices.find((choice) => choice === kept);
}

export function writeChoice(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Private windows of some browsers refuse; the choice then holds for this page.
  }
}
