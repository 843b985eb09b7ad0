import ora from 'ora';

/** One thing under way that a person is told about. */
export interface Task {
  /** Says what takes long now. */
  update(text: string): void;
  done(text: string): void;
  /** Ends the line without a result; the error that follows says what happened. */
  drop(): void;
}

export interface Progress {
  task(text: string): Task;
  /** A line about something that happened by itself. */
  note(text: string): void;
}

/** Without a terminal, a task that goes on is named again this often. */
const REMIND_MS = 30_000;

/** Tells nothing. */
export const silentProgress: Progress = {
  task: () => ({ update: () => undefined, done: () => undefined, drop: () => undefined }),
  note: () => undefined,
};

/** Progress on stderr: a spinner on a terminal, plain lines elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  return isInteractive(stream) ? spinnerProgress(stream) : lineProgress(stream);
}

/**
 * Whether what is drawn on a stream can be drawn over. A terminal that tells no width (a pseudo-terminal of some
 * CI systems) can't: ora would move up infinitely many lines.
 */
export function isInteractive(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.columns > 0 && process.env.TERM !== 'dumb';
}

/** One spinner that names everything under way; what is done becomes a line above it. */
function spinnerProgress(stream: NodeJS.WriteStream): Progress {
  const spinner = ora({ stream, discardStdin: false });
  const running = new Map<symbol, { text: string; since: number }>();
  const show = (): void => {
    if (running.size === 0) {
      spinner.stop();
      return;
    }
    spinner.text = [...running.values()].map(({ text, since }) => `${text} (${seconds(since)})`).join(' · ');
    if (!spinner.isSpinning) spinner.start();
  };
  let timer: NodeJS.Timeout | undefined;
  const tick = (): void => {
    clearInterval(timer);
    timer = running.size > 0 ? setInterval(show, 1000).unref() : undefined;
    show();
  };
  const print = (symbol: string, text: string): void => {
    spinner.stop();
    stream.write(`${symbol} ${text}\n`);
    show();
  };
  return {
    task(text) {
      const key = Symbol(text);
      const since = Date.now();
      running.set(key, { text, since });
      tick();
      return {
        update(next) {
          running.set(key, { text: next, since });
          show();
        },
        done(result) {
          running.delete(key);
          print('✔', `${result} (${seconds(since)})`);
          tick();
        },
        drop() {
          running.delete(key);
          tick();
        },
      };
    },
    note: (text) => print('•', text),
  };
}

function lineProgress(stream: NodeJS.WritableStream): Progress {
  const write = (text: string): void => void stream.write(`${text}\n`);
  return {
    task(text) {
      const since = Date.now();
      let current = text;
      write(`… ${current}`);
      const timer = setInterval(() => write(`… ${current} (${seconds(since)})`), REMIND_MS).unref();
      return {
        update(next) {
          if (next !== current) write(`… ${next}`);
          current = next;
        },
        done(result) {
          clearInterval(timer);
          write(`✔ ${result} (${seconds(since)})`);
        },
        drop: () => clearInterval(timer),
      };
    },
    note: (text) => write(`• ${text}`),
  };
}

function seconds(since: number): string {
  const elapsed = (Date.now() - since) / 1000;
  return elapsed < 10 ? `${elapsed.toFixed(1)} s` : `${Math.round(elapsed)} s`;
}
