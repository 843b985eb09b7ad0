/** A list of query parameters that grows while the text that refers to them is written. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and gives the reference to it, `$1`, `$2` … */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** These fields of the rows, each as a list: what `unnest` makes rows of again. What is absent is null. */
export function columnsOf<T>(rows: readonly T[], fields: readonly (keyof T)[]): unknown[][] {
  return fields.map((field) => rows.map((row) => row[field] ?? null));
}
