import type { ChangeEvent } from 'react';
import { useSearchParams } from 'react-router';

type Filters<Name extends string> = Readonly<Record<Name, string | undefined>>;

/**
 * Keeps the filters in the URL, so a list can be sent to a colleague and the browser's back button works. `textField` and
 * `choiceField` return the properties of the field of a filter.
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams();
  const filters = Object.fromEntries(names.map((name) => [name, params.get(name) ?? undefined])) as Filters<Name>;
  const setFilters = (changed: Partial<Filters<Name>>): void =>
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries<string | undefined>(changed)) {
          if (value) after.set(name, value);
          else after.delete(name);
        }
        return after;
      },
      { replace: true },
    );
  const setFilter = (name: Name, value: string | null): void =>
    setFilters({ [name]: value ?? undefined } as Partial<Filters<Name>>);
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
