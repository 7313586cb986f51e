import { endpointGroup } from '../../../http/endpoint-group.ts';
import { authorize } from './authorize.endpoint.ts';
import { finishAuthorization } from './finish-authorization.endpoint.ts';
import { inviteToAuthorize } from './invite-to-authorize.endpoint.ts';
import { launch } from './launch.endpoint.ts';
import { startAuthorization } from './start-authorization.endpoint.ts';

export const authorizationEndpoints = endpointGroup({
  name: 'Authorization',
  description: 'The authorization code flow of SMART App Launch, with PKCE: a user lets a connection read.',
  endpoints: [inviteToAuthorize, authorize, startAuthorization, launch, finishAuthorization],
});
