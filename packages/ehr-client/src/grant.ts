/** The right to send one request, now. */
export interface Grant {
  /** To be called when the answer has come: from then on the request counts as arrived, not as arriving. */
  settle(): void;
}
