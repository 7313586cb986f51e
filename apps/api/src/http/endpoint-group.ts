import type { Endpoint } from './define-endpoint.ts';

/** Endpoints that belong together in the OpenAPI document, in its order. */
export interface EndpointGroup<Member extends Endpoint = Endpoint> {
  readonly name: string;
  readonly description: string;
  readonly endpoints: readonly Member[];
}

export function endpointGroup<const Member extends Endpoint>(group: EndpointGroup<Member>): EndpointGroup<Member> {
  return group;
}
