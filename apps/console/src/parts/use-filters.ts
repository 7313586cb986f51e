import { type ChangeEvent, useCallback, useEffect, useMemo, useRef } from 'react';
import { useSearchParams } from 'react-router';

type Filters<Name extends string> = Readonly<Record<Name, string | undefined>>;

/**
 * Keeps the filters in the URL, so a list can be sent to a colleague and the browser's back button works. `textField` and
 * `choiceField` return the properties of the field of a filter. `setFilter` and `setFilters` are the same functions each time.
 * @param names always the same ones
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names do not change. Most callers pass a new array.
  const filters = useMemo(
    () => Object.fromEntries(names.map((name) => [name, params.get(name) ?? undefined])) as Filters<Name>,
    [params],
  );
  // The router has a new function after each change of the URL.
  const latest = useRef(setParams);
  useEffect(() => {
    latest.current = setParams;
  });
  const setFilters = useCallback(
    (changed: Partial<Filters<Name>>): void =>
      latest.current(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries<string | undefined>(changed)) {
            if (value) after.set(name, value);
            else after.delete(name);
          }
          return after;
        },
        // By default the router draws the URL when the browser has time. Letters and filters that are set before that would be lost.
        { replace: true, flushSync: true },
      ),
    [],
  );
  const setFilter = useCallback(
    (name: Name, value: string | null): void => setFilters({ [name]: value ?? undefined } as Partial<Filters<Name>>),
    [setFilters],
  );
  const textField = (name: Name) => ({
    value: filters[name] ?? '',
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) => setFilter(name, currentTarget.value),
  });
  const choiceField = (name: Name) => ({
    value: filters[name] ?? null,
    onChange: (value: string | null) => setFilter(name, value),
  });
  return { filters, setFilter, setFilters, textField, choiceField };
}
