import { Alert, Stack } from '@mantine/core';
import { LookedUp } from '../parts/looked-up.tsx';
import { CheckName } from '../system/check-name.tsx';
import { useDiagnosis } from '../system/use-diagnosis.ts';

/** Checks that are not well; one line where all are. */
export function OpenProblems() {
  const found = useDiagnosis();
  return (
    <LookedUp query={found}>
      {({ data }) => {
        const problems = data.filter(({ state }) => state !== 'ok');
        if (problems.length === 0) {
          return (
            <Alert color="green" title="Everything is as it should be">
              {data.length} checks of Redis, MongoDB, workers and connections.
            </Alert>
          );
        }
        return (
          <Stack gap="xs">
            {problems.map(({ name, state, found: text, whatToDo }) => (
              <Alert
                key={name}
                color={state === 'failed' ? 'red' : 'yellow'}
                title={
                  <>
                    <CheckName name={name} />: {text}
                  </>
                }
              >
                {whatToDo}
              </Alert>
            ))}
          </Stack>
        );
      }}
    </LookedUp>
  );
}
