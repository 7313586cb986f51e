import { apiError } from '../errors/errors.ts';

interface DownloadLimits {
  /** Downloads of a key at a time. Clients of Bulk Data read some files at once, and the others wait for seconds. */
  readonly perKey: number;
  /**
   * Downloads of a process at a time. Each can have two resources of 16 MB and their text in memory if its client reads slowly, and a process
   * has 512 MB.
   */
  readonly perProcess: number;
  /** How long a request waits for its turn. Clients wait longer for the first byte. */
  readonly waitMs: number;
}

const downloadLimits: DownloadLimits = { perKey: 4, perProcess: 6, waitMs: 30_000 };

/** Lets some downloads run at a time. The others wait, in the order in which they came. */
export class DownloadSlots {
  readonly #limits: DownloadLimits;
  /** The ids of the keys of running downloads. */
  readonly #running: string[] = [];
  readonly #waiting: { readonly keyId: string; readonly start: () => void }[] = [];

  constructor(limits: DownloadLimits = downloadLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a turn, and runs a download.
   * @param options.signal aborted when the client has left
   * @throws AppError `too-many-requests` if it does not get a turn in time
   */
  async run(options: {
    readonly keyId: string;
    readonly signal: AbortSignal;
    readonly download: () => Promise<void>;
  }): Promise<void> {
    const { keyId, signal, download } = options;
    if (!this.#isFree(keyId)) await this.#wait({ keyId, signal });
    else this.#running.push(keyId);
    try {
      await download();
    } finally {
      this.#running.splice(this.#running.indexOf(keyId), 1);
      this.#startNext();
    }
  }

  #isFree(keyId: string): boolean {
    const ofKey = this.#running.filter((id) => id === keyId).length;
    return ofKey < this.#limits.perKey && this.#running.length < this.#limits.perProcess;
  }

  async #wait({ keyId, signal }: { readonly keyId: string; readonly signal: AbortSignal }): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const entry = { keyId, start: turn.resolve };
    this.#waiting.push(entry);
    const giveUp = () => {
      const index = this.#waiting.indexOf(entry);
      if (index === -1) return;
      this.#waiting.splice(index, 1);
      turn.reject(tooManyDownloads());
    };
    const timer = setTimeout(giveUp, this.#limits.waitMs);
    signal.addEventListener('abort', giveUp);
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #startNext(): void {
    for (const entry of [...this.#waiting]) {
      if (!this.#isFree(entry.keyId)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      this.#running.push(entry.keyId);
      entry.start();
    }
  }
}

function tooManyDownloads() {
  return apiError('too-many-requests', {
    message:
      'Too many downloads are running. Read those of this key to their end, or close them. Wait for the time in `Retry-After` and send the request again.',
  });
}
