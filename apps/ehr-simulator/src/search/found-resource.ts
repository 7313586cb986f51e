export interface FoundResource {
  readonly resourceType: string;
  readonly id: string;
}
