import { isUncovered } from '@bulkhead/fhir';

/**
 * Says why the EHR refuses files although their links are fresh, for all files of this cause. The scopes that the token has are known, and
 * what else the EHR may want is not.
 */
export function describeDenied(options: {
  readonly types: readonly string[];
  readonly grantedScope: string | undefined;
}): string {
  const { types, grantedScope: scope } = options;
  const uncovered = types.filter((resourceType) => isUncovered({ scope, resourceType }));
  const others = types.filter((type) => !uncovered.includes(type));
  const version = scope?.includes('.rs') ? 'rs' : 'read';
  return [
    `The EHR refuses files of ${types.join(', ')} (403), also with the links that its manifest names now.`,
    ...(uncovered.length > 0
      ? [
          `The granted scopes do not cover ${uncovered.join(', ')}: add ${uncovered.map((type) => `system/${type}.${version}`).join(' ')} to the application at the EHR, test the connection, which requests a new token, and retry the export.`,
        ]
      : []),
    ...(others.length > 0
      ? [
          `Nothing is known against ${others.join(', ')}: verify that the practice has granted access to the application. An operator can read what the EHR said.`,
        ]
      : []),
  ].join(' ');
}
