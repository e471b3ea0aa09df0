/**
 * What all tabs of a site remember together: localStorage, with this tab's memory behind it when storage is full,
 * forbidden or absent. Each item has a key of its own, so that tabs never overwrite each other's work.
 */

export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  /** Keys that begin so, in order; with `own`, only those that no other tab can see. */
  keys(begin: string, own?: boolean): string[];
  /** Whether other tabs see what is set here. */
  readonly shared: boolean;
}

/** @param prefix keeps companies that share an origin apart. */
export function createStore(prefix: string, storage: () => Storage = () => localStorage): Store {
  const memory = new Map<string, string>();
  const disk = usable(storage, prefix);

  return {
    shared: !!disk,
    get: (key) => memory.get(key) ?? read(() => disk?.getItem(prefix + key)) ?? null,
    set(key, value) {
      memory.delete(key);
      try {
        disk!.setItem(prefix + key, value);
      } catch {
        memory.set(key, value);
      }
    },
    remove(key) {
      memory.delete(key);
      read(() => disk?.removeItem(prefix + key));
    },
    keys(begin, own) {
      const shared = own || !disk ? [] : (read(() => Object.keys(disk)) ?? []);
      const ours = shared.filter((key) => key.startsWith(prefix + begin)).map((key) => key.slice(prefix.length));
      return [...new Set([...ours, ...[...memory.keys()].filter((key) => key.startsWith(begin))])].sort();
    },
  };
}

function usable(storage: () => Storage, prefix: string): Storage | undefined {
  return read(() => {
    const disk = storage();
    disk.setItem(prefix + '?', '');
    disk.removeItem(prefix + '?');
    return disk;
  });
}

/** Storage can be taken away at any time; then there is nothing. */
function read<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
