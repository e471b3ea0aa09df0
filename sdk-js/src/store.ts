/**
 * What all tabs of a site remember together, as JSON: localStorage, with this tab's memory behind it when storage is full,
 * forbidden or absent. Each item has a key of its own, so that tabs never overwrite each other's work.
 */

export interface Store {
  /** Undefined when there is nothing, or nothing that can be read. */
  read<T>(key: string): T | undefined;
  save(key: string, value: unknown): void;
  forget(key: string): void;
  /** Keys that begin so, in order; with `own`, only those that no other tab can see. */
  names(begin: string, own?: boolean): string[];
}

/** @param prefix keeps companies that share an origin apart. */
export function createStore(prefix: string, storage: () => Storage = () => localStorage): Store {
  const memory = new Map<string, string>();
  const disk = attempt(() => {
    const found = storage();
    found.setItem(prefix, '');
    found.removeItem(prefix);
    return found;
  });
  const onDisk = (): string[] => attempt(() => Object.keys(disk!)) ?? [];

  return {
    read: (key) => attempt(() => JSON.parse(memory.get(prefix + key) ?? disk!.getItem(prefix + key)!)) ?? undefined,
    save(key, value) {
      const json = JSON.stringify(value);
      memory.delete(prefix + key);
      attempt(() => (disk!.setItem(prefix + key, json), true)) ?? memory.set(prefix + key, json);
    },
    forget(key) {
      memory.delete(prefix + key);
      attempt(() => disk!.removeItem(prefix + key));
    },
    names(begin, own) {
      const all = new Set([...memory.keys(), ...(own ? [] : onDisk())]);
      return [...all].flatMap((key) => (key.startsWith(prefix + begin) ? key.slice(prefix.length) : [])).sort();
    },
  };
}

/** Storage can be taken away at any time; then there is nothing. */
function attempt<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
