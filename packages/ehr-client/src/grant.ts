/** The right to send one request, now. */
export interface Grant {
  /**
   * To be called when the answer has come: from then on the request counts as arrived, not as arriving.
   * @param options.madeConnection the request had to wait for a name, a handshake and a key exchange, so it can have arrived later
   *   than the guard allows for, but not later than its answer
   */
  settle(options?: { readonly madeConnection: boolean }): void;
}
