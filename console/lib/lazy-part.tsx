/** Parts of the console that are loaded when they are needed, or before, when there is nothing else to do. */
import { lazy, useState, type ComponentType, type ReactNode } from 'react';

export interface LazyPart<P> {
  /** Suspends until its code is there; not at all where it was loaded before. */
  Part: ComponentType<P>;
  /** Loads its code; what goes wrong is told when it is drawn. */
  preload: () => Promise<void>;
}

export function lazyPart<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): LazyPart<P> {
  let loaded: ComponentType<P> | undefined;
  let loading: ReturnType<typeof load> | undefined;
  const loadOnce = (): ReturnType<typeof load> => {
    loading ??= load().then(
      (module) => {
        loaded = module.default;
        return module;
      },
      (error: unknown) => {
        // The next one who wants it tries again.
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  const Lazy = lazy(loadOnce) as unknown as ComponentType<P>;
  function Part(props: P): ReactNode {
    // React shows what stands in for a lazy component for 300 ms at least, also where its code is there already. Kept:
    // another component at the same place would lose its state.
    const [Shown] = useState<ComponentType<P>>(() => loaded ?? Lazy);
    return <Shown {...props} />;
  }
  return { Part, preload: () => loadOnce().then(ignore, ignore) };
}

const ignore = (): void => undefined;

/** Runs each when the browser has nothing else to do, one after the other; not on a line where bytes are dear. */
export function whenIdle(...runs: readonly (() => void)[]): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData) return;
  const idle = window.requestIdleCallback ?? ((run: () => void) => setTimeout(run, 200));
  const [first, ...rest] = runs;
  if (first) {
    idle(() => {
      first();
      whenIdle(...rest);
    });
  }
}
