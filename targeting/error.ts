/** A rule that can't be understood: what is wrong and at which character. */
export class RuleError extends Error {
  override name = 'RuleError';
  /** The text of the rule. */
  readonly rule: string;
  /** UTF-16 code units before the fault, as `String.prototype.slice` counts. */
  readonly offset: number;
  /** Code units that are at fault, 0 at the end of the text. */
  readonly length: number;

  constructor(message: string, place: { rule: string; offset: number; length: number }) {
    super(message);
    this.rule = place.rule;
    this.offset = place.offset;
    this.length = place.length;
  }

  /** Line of the fault, from 1. */
  get line(): number {
    return this.#before.split('\n').length;
  }

  /** Character of the line, from 1. */
  get column(): number {
    return Array.from(this.#before.slice(this.#before.lastIndexOf('\n') + 1)).length + 1;
  }

  get #before(): string {
    return this.rule.slice(0, this.offset);
  }
}
