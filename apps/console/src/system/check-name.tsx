import { ConnectionName } from '../parts/connection-name.tsx';

/** What a check is about; a connection by what people call it. */
export function CheckName({ name }: { readonly name: string }) {
  const id = /^connection (\S+)$/.exec(name)?.[1];
  return id === undefined ? name : <ConnectionName id={id} />;
}
