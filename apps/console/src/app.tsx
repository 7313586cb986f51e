import {
  Alert,
  Badge,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  MantineProvider,
  Modal,
  Notification,
} from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router/dom';
import { queryClient } from './api/api.ts';
import { router } from './router.tsx';
import { SessionProvider } from './session/session-provider.tsx';

/** The console, with all that its pages stand on. Light or dark as the system has it, until somebody chooses. */
export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <ModalsProvider>
          <Notifications position="bottom-right" />
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </ModalsProvider>
      </MantineProvider>
    </QueryClientProvider>
  );
}

/** From the icon's two blues; each shade that carries text has a contrast of 4.5 to its ground (WCAG AA). */
const tide: MantineColorsTuple = [
  '#e9f5f9',
  '#d3e8f0',
  '#a6d0e0',
  '#76b7cf',
  '#50a2c1',
  '#3994b7',
  '#2a8db3',
  '#1a7a9e',
  '#0b5f7e',
  '#0b4f6c',
];

const closeButtonProps = { 'aria-label': 'Close' };

const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  // White on a filled ground only where it can be read.
  luminanceThreshold: 0.25,
  colors: { tide },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Its button is a cross and nothing else.
    Drawer: Drawer.extend({ defaultProps: { closeButtonProps } }),
    Modal: Modal.extend({ defaultProps: { closeButtonProps } }),
    // Its grey is lighter than can be read by everybody.
    Notification: Notification.extend({
      defaultProps: { closeButtonProps },
      styles: { description: { color: 'var(--mantine-color-text)' } },
    }),
    // A state that is cut says nothing.
    Badge: Badge.extend({ styles: { root: { minWidth: 'max-content' } } }),
    // A title in the color of its alert cannot be read on every ground.
    Alert: Alert.extend({
      defaultProps: { variant: 'light' },
      styles: { title: { color: 'var(--mantine-color-text)' }, body: { overflowWrap: 'anywhere', minWidth: 0 } },
    }),
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
});
