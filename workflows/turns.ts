/** Lets things begin a few at a time, in the order in which they ask. */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private free: number;

  constructor(atOnce: number) {
    this.free = atOnce;
  }

  get areAwaited(): boolean {
    return this.waiting.length > 0;
  }

  /** Resolves when it is the caller's turn, which lasts until `pass`. */
  take(): Promise<void> {
    return new Promise((begin) => {
      this.waiting.push(begin);
      this.letBegin();
    });
  }

  pass(): void {
    this.free++;
    this.letBegin();
  }

  private letBegin(): void {
    while (this.free > 0) {
      const begin = this.waiting.shift();
      if (!begin) return;
      this.free--;
      begin();
    }
  }
}
