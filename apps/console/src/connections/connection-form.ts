import type { paths } from '@bulkhead/client';

type ConnectionRequest = paths['/api/ehr/connections']['post']['requestBody']['content']['application/json'];

export interface ConnectionForm {
  readonly environment: string;
  readonly practiceId: string;
  readonly groupId: string;
  readonly fhirEndpoint: string;
  readonly method: ConnectionRequest['auth']['method'];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly privateKey: string;
  readonly scope: string;
}

export const emptyConnectionForm: ConnectionForm = {
  environment: '',
  practiceId: '',
  groupId: '',
  fhirEndpoint: '',
  method: 'client_credentials',
  clientId: '',
  clientSecret: '',
  privateKey: '',
  scope: '',
};

export const methods = [
  { value: 'client_credentials', label: 'Client id and secret' },
  { value: 'private_key_jwt', label: 'Signed assertion (SMART Backend Services)' },
  { value: 'authorization_code', label: 'Authorization by a user of the practice' },
  { value: 'none', label: 'None (an open server)' },
];

/** The credential fields of each authorization method. */
const fieldsOf = {
  client_credentials: ['clientId', 'clientSecret', 'scope'],
  private_key_jwt: ['clientId', 'privateKey', 'scope'],
  authorization_code: ['clientId', 'clientSecret', 'scope'],
  none: [],
} as const satisfies Record<ConnectionForm['method'], readonly (keyof ConnectionForm)[]>;

/** Leaves out empty fields. The API has their defaults. */
export function toConnectionRequest(options: {
  readonly provider: string;
  readonly form: ConnectionForm;
}): ConnectionRequest {
  const { provider, form } = options;
  const { method } = form;
  const auth = { method, ...filled({ form, names: fieldsOf[method] }) } as ConnectionRequest['auth'];
  return { provider, ...filled({ form, names: ['environment', 'practiceId', 'groupId', 'fhirEndpoint'] }), auth };
}

function filled(options: {
  readonly form: ConnectionForm;
  readonly names: readonly (keyof ConnectionForm)[];
}): Partial<Record<keyof ConnectionForm, string>> {
  const { form, names } = options;
  return Object.fromEntries(names.map((name) => [name, form[name].trim()]).filter(([, value]) => value !== ''));
}
