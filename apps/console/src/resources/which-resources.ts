/** The resources of a type at a connection. */
export interface WhichResources {
  readonly provider: string;
  readonly connectionId: string;
  readonly type: string;
}
