/**
 * The bytes that a process may have in memory at a time for what is large, such as a line with a whole document. A reservation
 * that does not fit waits for its turn, in order.
 *
 *   reservation.take() -> waits until the bytes are free -> reservation.release()
 *
 * To avoid a deadlock, a reservation takes all that it may need at once.
 */
export class ByteBudget {
  #freeBytes: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  readonly #beforeTaking: () => void;

  /** @param beforeTaking makes room: what the reservations before have left behind is still in memory */
  constructor(totalBytes: number, beforeTaking: () => void = () => undefined) {
    this.#freeBytes = totalBytes;
    this.#beforeTaking = beforeTaking;
  }

  /**
   * @param bytes at most the whole budget. Nothing is taken yet
   * @param signal aborted when the bytes are not needed any longer. `take` then rejects, so that what its caller holds meanwhile is freed
   */
  reserve(bytes: number, signal?: AbortSignal): ByteReservation {
    let isTaken = false;
    let taking: Promise<void> | undefined;
    const release = (): void => {
      if (isTaken) this.#release(bytes);
      isTaken = false;
      taking = undefined;
    };
    const take = async (): Promise<void> => {
      signal?.throwIfAborted();
      if (this.#waiting.length > 0 || this.#freeBytes < bytes) await this.#wait(bytes, signal);
      else this.#freeBytes -= bytes;
      this.#beforeTaking();
      isTaken = true;
    };
    return {
      take: () => {
        taking ??= take();
        return taking;
      },
      release,
    };
  }

  async #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      reject(signal?.reason);
      // The next one can be smaller.
      this.#startWaiting();
    };
    const start = () => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    const waiting = { bytes, start };
    this.#waiting.push(waiting);
    signal?.addEventListener('abort', leave, { once: true });
    await promise;
  }

  #release(bytes: number): void {
    this.#freeBytes += bytes;
    this.#startWaiting();
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next && next.bytes <= this.#freeBytes; next = this.#waiting[0]) {
      this.#freeBytes -= next.bytes;
      this.#waiting.shift();
      next.start();
    }
  }
}

export interface ByteReservation {
  /** Resolves when the bytes are taken. A second call takes nothing more. @throws the reason of the signal */
  readonly take: () => Promise<void>;
  /** Gives the bytes back, if they were taken. */
  readonly release: () => void;
}
