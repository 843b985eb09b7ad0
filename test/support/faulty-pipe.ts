/** One direction of a proxied connection: what is sent on one side comes out on the other, when and if it may. */
import type { Socket } from 'node:net';

/** What happens to everything that goes one way, as it is now. */
export interface Way {
  delayMs: number;
  /** Share of what is sent that is lost and sent again. */
  lossRate: number;
  /** Nothing passes until it is over. */
  silent: boolean;
  random: () => number;
}

/** Milliseconds until what was lost is sent again; doubled each time. */
const RETRANSMISSION_MS = 200;
/** Sending the same again so often ends the series: a kernel would give up after minutes. */
const MOST_LOSSES = 5;
/** Bytes under way above which the sender must wait. */
const WINDOW = 1024 * 1024;

interface Item {
  /** Null is the end of what is sent. */
  data: Buffer | null;
  due: number;
}

/** Told of changes by the events `fault-change` and `fault-dead` of its source. */
export class FaultyPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: Way;
  readonly #rewrite: (data: Buffer) => Buffer;
  readonly #queue: Item[] = [];
  #size = 0;
  #lastDue = 0;
  #timer: NodeJS.Timeout | undefined;
  #dead = false;
  #full = false;

  constructor(from: Socket, to: Socket, way: Way, rewrite: (data: Buffer) => Buffer = (data) => data) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    this.#rewrite = rewrite;
    from.on('data', (data: Buffer) => this.#take(data));
    from.on('end', () => this.#take(null));
    from.on('fault-change', () => this.#pump());
    from.on('fault-dead', () => this.#die());
    to.on('drain', () => {
      this.#full = false;
      this.#pump();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #die(): void {
    this.#dead = true;
    this.close();
    // It goes on taking what is sent, as a kernel does for a while whose packets nobody answers.
    this.#from.resume();
  }

  #take(data: Buffer | null): void {
    if (this.#dead) return;
    const { delayMs } = this.#way;
    // Nothing overtakes what was sent before it.
    this.#lastDue = Math.max(this.#lastDue, performance.now() + delayMs + this.#lostMs());
    this.#queue.push({ data: data && this.#rewrite(data), due: this.#lastDue });
    this.#size += data?.length ?? 0;
    if (this.#size > WINDOW) this.#from.pause();
    this.#pump();
  }

  #lostMs(): number {
    const { lossRate, random } = this.#way;
    let ms = 0;
    if (lossRate === 0) return ms;
    for (let lost = 0; lost < MOST_LOSSES && random() < lossRate; lost++) {
      ms += RETRANSMISSION_MS * 2 ** lost;
    }
    return ms;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    while (!this.#way.silent && !this.#full && !this.#dead) {
      const [first] = this.#queue;
      if (!first) return;
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), Math.ceil(wait));
        return;
      }
      this.#queue.shift();
      if (first.data === null) this.#to.end();
      else {
        this.#size -= first.data.length;
        if (this.#size <= WINDOW) this.#from.resume();
        if (first.data.length > 0) this.#full = !this.#to.write(first.data);
      }
    }
  }
}
