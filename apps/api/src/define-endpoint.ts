import * as http from '@bulkhead/http';
import type { Services } from '@bulkhead/system';

export const defineEndpoint = http.defineEndpointFor<Services>();

export type HandlerInput<Params, Query, Headers, Body, CalledBy> = http.HandlerInput<
  Params,
  Query,
  Headers,
  Body,
  CalledBy,
  Services
>;
export type ErrorPage = http.ErrorPage<Services>;
