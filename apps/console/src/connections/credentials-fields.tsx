import { PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Provider } from '../api/api.ts';
import { actsAlone, type CredentialsForm, methodsOf, requiredFields, scopeChoices } from './connection-form.ts';

interface CredentialsFieldsProps<Form extends CredentialsForm> {
  readonly form: UseFormReturnType<Form>;
  readonly provider: Provider;
  /** The client whose stored secret stays if none is entered. */
  readonly keptClientId?: string | undefined;
}

/** The method and its fields. What the deployment has a default for is optional. */
export function CredentialsFields<Form extends CredentialsForm>({
  form,
  provider,
  keptClientId,
}: CredentialsFieldsProps<Form>) {
  const { method } = form.values;
  const required = requiredFields(form.values, { ...provider, keptClientId });
  const clientId = form.values.clientId.trim();
  const own = (isNeeded: boolean, ownText: string) => (isNeeded ? undefined : ownText);
  return (
    <>
      <Select label="Credentials" allowDeselect={false} data={methodsOf(provider)} {...form.getInputProps('method')} />
      {method !== 'none' && (
        <TextInput
          label="Client id"
          withAsterisk={required.includes('clientId')}
          description={own(required.includes('clientId'), 'Leave empty to use the client of the deployment.')}
          {...form.getInputProps('clientId')}
        />
      )}
      {(method === 'client_credentials' || method === 'authorization_code') && (
        <PasswordInput
          label="Client secret"
          withAsterisk={required.includes('clientSecret')}
          description={own(
            required.includes('clientSecret'),
            secretDefault(clientId, { hasClient: provider.hasClient, keptClientId }),
          )}
          autoComplete="new-password"
          {...form.getInputProps('clientSecret')}
        />
      )}
      {method === 'private_key_jwt' && (
        <Textarea
          label="Private key"
          description="PEM. Leave empty to use the deployment’s signing key, whose public key is at /.well-known/jwks.json."
          autosize
          minRows={3}
          {...form.getInputProps('privateKey')}
        />
      )}
      {actsAlone(form.values) && (
        <Select
          label="Scopes"
          withAsterisk
          description="As the application is registered at the EHR, which refuses the other version with “Policy evaluation failed”. A test shows which versions the EHR offers"
          placeholder="Choose one"
          data={[...scopeChoices]}
          {...form.getInputProps('scopes')}
        />
      )}
      {method !== 'none' && (!actsAlone(form.values) || form.values.scopes === 'own') && (
        <TextInput
          label="Scope"
          description="Leave empty to use the vendor’s default."
          {...form.getInputProps('scope')}
        />
      )}
    </>
  );
}

/** What an empty secret means. The secret of the deployment belongs to its own client id only. */
function secretDefault(
  clientId: string,
  { hasClient, keptClientId }: Pick<Provider, 'hasClient'> & { keptClientId: string | undefined },
): string {
  if (clientId !== '' && clientId === keptClientId) return 'Leave empty to keep the present secret.';
  return clientId === '' && hasClient
    ? 'Leave empty to use the secret of the deployment.'
    : 'Leave empty for a public client.';
}
