import type { Page } from 'playwright-core';

/** What tests look for on a page, by what a person sees. @param page the one that is looked at by then */
export function onPage(page: () => Page) {
  return {
    title: (name: string) => page().getByRole('heading', { level: 1, name, exact: true }),
    button: (name: string) => page().getByRole('button', { name, exact: true }),
    link: (name: string) => page().getByRole('link', { name, exact: true }),
    /** Chooses in a field of a dialog whose choices are a list of their own. */
    async choose({ field, option }: { readonly field: string; readonly option: string | RegExp }) {
      await page().getByRole('dialog').getByRole('combobox', { name: field }).click();
      await page().getByRole('option', { name: option }).first().click();
    },
  };
}
