import { type ChangeEvent, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'react-router';

type Filters<Name extends string> = Readonly<Record<Name, string | undefined>>;

/**
 * Keeps the filters in the URL, so a list can be sent to a colleague and the browser's back button works. `textField` and
 * `choiceField` return the properties of the field of a filter.
 * @param names always the same ones
 */
export function useFilters<Name extends string>(names: readonly Name[]) {
  const [params, setFilters] = useSearchParamsAtOnce();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names do not change. Most callers pass a new array.
  const filters = useMemo(
    () => Object.fromEntries(names.map((name) => [name, params.get(name) ?? undefined])) as Filters<Name>,
    [params],
  );
  const setFilter = (name: Name, value: string | null): void => setFilters({ [name]: value ?? undefined });
  const textField = (name: Name) => ({
    value: filters[name] ?? '',
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) => setFilter(name, currentTarget.value),
  });
  const choiceField = (name: Name) => ({
    value: filters[name] ?? null,
    onChange: (value: string | null) => setFilter(name, value),
  });
  return {
    filters,
    setFilter,
    setFilters: setFilters as (changed: Partial<Filters<Name>>) => void,
    textField,
    choiceField,
  };
}

/**
 * The parameters of the URL, and a function that changes some of them. The router draws a changed URL later, when the browser has time.
 * A field that shows the URL itself would lose the letters that are typed before that, and a second change would undo the first one.
 * So a change is shown at once, and the URL follows.
 */
function useSearchParamsAtOnce() {
  const [params, setParams] = useSearchParams();
  const location = useLocation();
  const [shown, setShown] = useState(params);
  const latest = useRef(params);
  /** What was written to the URL and is not drawn yet. */
  const written = useRef<string[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: also a change to the same parameters is a location of its own.
  useEffect(() => {
    const drawn = written.current.indexOf(params.toString());
    written.current = drawn === -1 ? [] : written.current.slice(drawn + 1);
    if (drawn !== -1) return;
    // A link or the back button has changed the URL.
    latest.current = params;
    setShown(params);
  }, [location]);
  const change = (changed: Readonly<Record<string, string | undefined>>): void => {
    const after = new URLSearchParams(latest.current);
    for (const [name, value] of Object.entries(changed)) {
      if (value) after.set(name, value);
      else after.delete(name);
    }
    latest.current = after;
    written.current.push(after.toString());
    setShown(after);
    setParams(after, { replace: true });
  };
  return [shown, change] as const;
}
