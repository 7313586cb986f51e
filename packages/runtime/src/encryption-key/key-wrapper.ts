/**
 * Envelope encryption. A data key of 32 bytes encrypts what is stored. A key wrapper encrypts that data key, so that only its
 * wrapped form has to be kept. Each process unwraps the data key once, when it starts.
 *
 *   BULKHEAD_ENCRYPTION_KEY  --unwrap-->  data key  --AES-256-GCM-->  what is stored
 *
 * The text of a wrapped key says what wrapped it. Keys of several wrappers can therefore be used side by side, and a deployment can
 * move from one wrapper to another without encrypting its data again.
 */
export interface KeyWrapper {
  /** Where an operator finds the wrapping key. It contains no secret. */
  readonly description: string;
  /** @returns the text for BULKHEAD_ENCRYPTION_KEY */
  wrap(dataKey: Buffer): Promise<string>;
  /** @throws KeyWrapperError */
  unwrap(wrappedKey: string): Promise<Buffer>;
}

export const dataKeyBytes = 32;

/** Its message says what happened and what to do, and repeats no key. */
export class KeyWrapperError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyWrapperError';
  }
}
