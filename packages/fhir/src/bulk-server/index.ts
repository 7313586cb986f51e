export {
  type AssertionRules,
  assertionType,
  refused,
  verifyAssertion,
} from './client-assertion.ts';
export {
  type ExportLevel,
  exportLevels,
  type KickOff,
  type KickOffFault,
  type KickOffParameter,
  kickOffParameterNames,
  kickOffParameters,
  preferencesOf,
  readKickOff,
  type TypeFilter,
} from './kick-off.ts';
export { ignoredIssue, ignoredText, type ManifestFile, writeManifest } from './manifest.ts';
export { OAuthError } from './oauth-error.ts';
export { elementSelector } from './select-elements.ts';
export { readableScopes } from './system-scope.ts';
