import { PasswordInput, Select, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Provider } from '../api/api.ts';
import { actsAlone, type CredentialsForm, methodsOf, requiredFields, scopeChoices } from './connection-form.ts';

interface CredentialsFieldsProps<Form extends CredentialsForm> {
  readonly form: UseFormReturnType<Form>;
  readonly provider: Provider;
}

/** The method and its fields. What the deployment has a default for is optional. */
export function CredentialsFields<Form extends CredentialsForm>({ form, provider }: CredentialsFieldsProps<Form>) {
  const { method } = form.values;
  const required = requiredFields(form.values, provider);
  const own = (isNeeded: boolean, ownText: string) => (isNeeded ? undefined : ownText);
  return (
    <>
      <Select label="Credentials" allowDeselect={false} data={methodsOf(provider)} {...form.getInputProps('method')} />
      {method !== 'none' && (
        <TextInput
          label="Client id"
          withAsterisk={required.includes('clientId')}
          description={own(required.includes('clientId'), 'Empty for the deployment’s own')}
          {...form.getInputProps('clientId')}
        />
      )}
      {(method === 'client_credentials' || method === 'authorization_code') && (
        <PasswordInput
          label="Client secret"
          withAsterisk={required.includes('clientSecret')}
          description={own(
            required.includes('clientSecret'),
            provider.hasClient ? 'Empty for the deployment’s own' : 'Empty for a public client',
          )}
          autoComplete="new-password"
          {...form.getInputProps('clientSecret')}
        />
      )}
      {method === 'private_key_jwt' && (
        <Textarea
          label="Private key"
          description="PEM. Empty for the deployment’s signing key, whose public key is at /.well-known/jwks.json"
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
        <TextInput label="Scope" description="Empty for the vendor’s default" {...form.getInputProps('scope')} />
      )}
    </>
  );
}
