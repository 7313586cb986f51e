import * as http from '@bulkhead/http';
import type { ServingServices } from '@bulkhead/system/serving';

export const defineEndpoint = http.defineEndpointFor<ServingServices>();

export type HandlerInput<Params, Query, Headers, Body, CalledBy> = http.HandlerInput<
  Params,
  Query,
  Headers,
  Body,
  CalledBy,
  ServingServices
>;
