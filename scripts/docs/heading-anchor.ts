/** Returns the anchor of a heading as GitHub forms it, so that links to headings work on GitHub and on the site. */
export function headingAnchor(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}
