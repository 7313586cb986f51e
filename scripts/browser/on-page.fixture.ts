import type { Page } from 'playwright-core';

/** Finds elements by what a user sees. @param page returns the current page */
export function onPage(page: () => Page) {
  return {
    /** The title of a page, also if it names a practice: "Bulk export of Practice 1". */
    title: (name: string) => page().getByRole('heading', { level: 1, name: new RegExp(`^${name}(?: of .+)?$`) }),
    button: (name: string) => page().getByRole('button', { name, exact: true }),
    tab: (name: string) => page().getByRole('tab', { name, exact: true }),
    link: (name: string) => page().getByRole('link', { name, exact: true }),
    /** Chooses an option of a field in a dialog whose options are a separate list. */
    async choose({ field, option }: { readonly field: string; readonly option: string | RegExp }) {
      await page().getByRole('dialog').getByRole('combobox', { name: field }).click();
      await page().getByRole('option', { name: option }).first().click();
    },
  };
}
