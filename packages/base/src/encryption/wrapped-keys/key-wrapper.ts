/**
 * Envelope encryption. A data key of 32 bytes encrypts secrets, files and quarantined lines. A key wrapper encrypts the data key,
 * so that only its wrapped form has to be kept. Each process unwraps the data key once, when it starts.
 *
 *   BULKHEAD_ENCRYPTION_KEY  --unwrap-->  data key  --AES-256-GCM-->  stored data
 *
 * The text of a wrapped key names the wrapper and its key. Keys of several wrappers can therefore be used side by side, and a
 * deployment can move from one wrapper to another without encrypting its data again.
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

/** The message says what happened and what to do. It contains no key. */
export class KeyWrapperError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyWrapperError';
  }
}
