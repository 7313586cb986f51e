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
  /** While others wait, a client that has read fewer bytes than `slowBytes` in this time loses its turn. */
  readonly slowMs: number;
  /** 32 kB/s. The slowest link over which a client copies a practice is ten times as fast. */
  readonly slowBytes: number;
}

const downloadLimits: DownloadLimits = { perKey: 4, perProcess: 6, waitMs: 30_000, slowMs: 10_000, slowBytes: 320_000 };

interface Download {
  readonly keyId: string;
  /** Aborted when the client has left. */
  readonly signal: AbortSignal;
  /** How many bytes the client has read. Undefined while it waits for the server. */
  readonly readBytes: () => number | undefined;
  /** Closes the connection of a client that hardly reads. */
  readonly end: () => void;
  readonly download: () => Promise<void>;
}

/**
 * Lets some downloads run at a time. The next download is the first one that waits of the key with the fewest downloads. While one waits, a
 * download whose client hardly reads is ended, because a few such clients could stop all others for as long as they like.
 */
export class DownloadSlots {
  readonly #limits: DownloadLimits;
  readonly #running = new Set<Download>();
  readonly #waiting: { readonly download: Download; readonly start: () => void }[] = [];

  constructor(limits: DownloadLimits = downloadLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a turn, and runs a download.
   * @throws AppError `too-many-requests` if it does not get a turn in time
   */
  async run(download: Download): Promise<void> {
    if (this.#isFree(download.keyId)) this.#running.add(download);
    else await this.#wait(download);
    const watch = this.#watch(download);
    try {
      await download.download();
    } finally {
      clearInterval(watch);
      this.#running.delete(download);
      this.#startNext();
    }
  }

  #isFree(keyId: string): boolean {
    return this.#countOf(keyId) < this.#limits.perKey && this.#running.size < this.#limits.perProcess;
  }

  #countOf(keyId: string): number {
    return [...this.#running].filter((running) => running.keyId === keyId).length;
  }

  /** Ends the download if its client reads too little in a period, and another one could have its turn. */
  #watch({ keyId, readBytes, end }: Download): NodeJS.Timeout {
    let before = readBytes();
    return setInterval(() => {
      const bytes = readBytes();
      const isSlow = before !== undefined && bytes !== undefined && bytes - before < this.#limits.slowBytes;
      before = bytes;
      // With a turn less, a process has room for every key, and the key for its own downloads.
      const isWanted = this.#waiting.some(
        ({ download }) => download.keyId === keyId || this.#countOf(download.keyId) < this.#limits.perKey,
      );
      if (isSlow && isWanted) end();
    }, this.#limits.slowMs).unref();
  }

  async #wait(download: Download): Promise<void> {
    const turn = Promise.withResolvers<void>();
    const entry = { download, start: turn.resolve };
    this.#waiting.push(entry);
    const giveUp = () => {
      const index = this.#waiting.indexOf(entry);
      if (index === -1) return;
      this.#waiting.splice(index, 1);
      turn.reject(tooManyDownloads());
    };
    const timer = setTimeout(giveUp, this.#limits.waitMs);
    download.signal.addEventListener('abort', giveUp);
    try {
      await turn.promise;
    } finally {
      clearTimeout(timer);
      download.signal.removeEventListener('abort', giveUp);
    }
  }

  #startNext(): void {
    for (;;) {
      const free = this.#waiting.filter(({ download }) => this.#isFree(download.keyId));
      const [next] = free.toSorted(
        (left, right) => this.#countOf(left.download.keyId) - this.#countOf(right.download.keyId),
      );
      if (!next) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#running.add(next.download);
      next.start();
    }
  }
}

function tooManyDownloads() {
  return apiError('too-many-requests', {
    message:
      'Too many downloads are running. Read those of this key to their end, or close them. Wait for the time in `Retry-After` and send the request again.',
  });
}
