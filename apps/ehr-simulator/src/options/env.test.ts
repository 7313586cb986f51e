import { expect, test } from '@jest/globals';
import { optionsFromEnv, simulatorEnvSchema } from './env.ts';
import { simulatorOptionsSchema } from './options.ts';

test('optionsFromEnv has variables for options only and uses the default of an option whose variable is not set', () => {
  const variables = Object.keys(simulatorEnvSchema.shape).map((name) =>
    name.replace('SIMULATOR_', '').replaceAll('_', '').toLowerCase(),
  );
  expect(Object.keys(simulatorOptionsSchema.shape).map((name) => name.toLowerCase())).toEqual(
    expect.arrayContaining(variables),
  );
  expect(optionsFromEnv({})).toEqual({ ...simulatorOptionsSchema.parse({}), port: 8080 });
});

test('optionsFromEnv parses numbers, flags and lists, and rejects invalid values', () => {
  const env = {
    SIMULATOR_PATIENTS: '5',
    SIMULATOR_AUTH: 'off',
    SIMULATOR_EXPORT_LEVELS: 'group',
    SIMULATOR_TOKEN_SECONDS: '9',
  };
  expect(optionsFromEnv(env)).toMatchObject({
    patients: 5,
    auth: false,
    exportLevels: ['group'],
    tokenSeconds: 9,
  });
  expect(optionsFromEnv({ SIMULATOR_EXPORT_LEVELS: 'none' }).exportLevels).toEqual([]);
  expect(() => optionsFromEnv({ SIMULATOR_JWKS: '{' })).toThrow('SIMULATOR_JWKS: is not JSON');
  expect(() => optionsFromEnv({ SIMULATOR_PATIENTS: '-5', SIMULATOR_EXPORT_LEVELS: 'galaxy' })).toThrow(
    expect.objectContaining({
      faults: [
        'SIMULATOR_PATIENTS: must be at least 0',
        'SIMULATOR_EXPORT_LEVELS.0: must be one of: system, patient, group',
      ],
    }),
  );
});
