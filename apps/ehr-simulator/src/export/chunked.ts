/** Groups of `size`; the last may be smaller. */
export function chunked<Item>({ items, size }: { readonly items: readonly Item[]; readonly size: number }): Item[][] {
  const chunks: Item[][] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}
